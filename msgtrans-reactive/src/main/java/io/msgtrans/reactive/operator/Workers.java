package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.OfferResult;
import java.lang.reflect.InvocationTargetException;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Threads for handlers that block or compute, shared by many sessions. Each pipeline runs on one thread at a time and keeps its
 * order and its demand; pipelines that have something to do wait for a thread in a {@link MpmcChannel}, one entry each, so that a
 * slow one holds up no other while a thread is free.
 *
 * <pre>{@code
 * Workers workers = Workers.of(16);
 * server.handle(session -> session.send(session.receive()
 *     .transform(workers.map(packet -> packet.response(lookUpInDatabase(packet))))))
 * }</pre>
 *
 * <pre>
 *   session 1  --1-2---3---->  |            | thread 1: 1 2 . 3
 *   session 2  ---a-b------->  |  channel   | thread 2: a b
 *   session 3  ----x-------->  |            | thread 1: x
 * </pre>
 */
public final class Workers implements Disposable {

    private static final Logger log = Loggers.getLogger(Workers.class);
    private static final int DEFAULT_PIPELINES = 65_536;
    /** Items of one pipeline that wait for a thread; then its publisher is not asked any more. */
    private static final int WINDOW = 32;

    private final MpmcChannel<Runnable> channel;
    private final ThreadFactory factory;
    /** How many threads there are to be; guarded by this. */
    private int parallelism;
    /** How many of those that there are shall leave. */
    private final AtomicInteger leaving = new AtomicInteger();
    /** As many as there are pipelines in the channel: threads without one wait here. */
    private final Semaphore waiting = new Semaphore(0);

    private final AtomicBoolean disposed = new AtomicBoolean();
    private final Scheduler scheduler;

    private Workers(int parallelism, int pipelines, ThreadFactory factory) {
        this.channel = MpmcChannel.mpmc(pipelines);
        Executor executor = this::execute;
        this.scheduler = Schedulers.fromExecutor(executor);
        this.factory = factory;
        resize(parallelism);
    }

    /** So many daemon threads, 1..65,536, named {@code msgtrans-worker-1}…; 65,536 pipelines may wait for one. */
    public static Workers of(int parallelism) {
        AtomicInteger number = new AtomicInteger();
        return new Workers(parallelism, DEFAULT_PIPELINES, task -> {
            Thread thread = new Thread(task, "msgtrans-worker-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * So many virtual threads, which may block for long at little cost.
     *
     * @throws UnsupportedOperationException before JDK 21
     */
    public static Workers ofVirtualThreads(int parallelism) {
        return new Workers(parallelism, DEFAULT_PIPELINES, virtualThreads());
    }

    // By reflection, as the library is compiled for JDK 17.
    private static ThreadFactory virtualThreads() {
        try {
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            Class<?> type = Class.forName("java.lang.Thread$Builder");
            Object named = type.getMethod("name", String.class, long.class).invoke(builder, "msgtrans-virtual-", 1L);
            return (ThreadFactory)
                    Objects.requireNonNull(type.getMethod("factory").invoke(named));
        } catch (NoSuchMethodException | ClassNotFoundException tooOld) {
            throw new UnsupportedOperationException("virtual threads need JDK 21 or later", tooOld);
        } catch (IllegalAccessException | InvocationTargetException failed) {
            throw new UnsupportedOperationException("virtual threads cannot be made", failed);
        }
    }

    /** A transformation that calls a function, which may block, on a worker for each item, in order. */
    public <T, R> Function<Publisher<T>, Flux<R>> map(Function<? super T, ? extends R> function) {
        return items -> this.<T>handOff().apply(items).map(function);
    }

    /** A transformation behind which everything runs on workers, in order, asking for 32 items ahead. */
    public <T> Function<Publisher<T>, Flux<T>> handOff() {
        return items -> Flux.from(items).publishOn(scheduler, WINDOW);
    }

    /** For operators that take a scheduler; each of its workers keeps its order. */
    public Scheduler scheduler() {
        return scheduler;
    }

    /**
     * Changes the number of threads, 1..65,536: new ones start at once, those that are too many end when they have finished what they
     * do. Any thread may call.
     */
    public synchronized void resize(int threads) {
        if (threads < 1 || threads > 65_536) {
            throw new IllegalArgumentException("parallelism " + threads + " is outside 1..65536");
        }
        if (disposed.get()) {
            return;
        }
        for (; parallelism < threads; parallelism++) {
            factory.newThread(this::work).start();
        }
        int tooMany = parallelism - threads;
        parallelism = threads;
        leaving.addAndGet(tooMany);
        waiting.release(tooMany); // each that leaves takes one of these, whoever it was meant for
    }

    /** How many threads there are. */
    public synchronized int parallelism() {
        return parallelism;
    }

    /** Pipelines that wait for a thread. */
    public int waiting() {
        return channel.size();
    }

    private void execute(Runnable pipeline) {
        if (channel.offer(pipeline) != OfferResult.ACCEPTED) {
            throw new RejectedExecutionException(
                    channel.isClosed()
                            ? "the workers are disposed"
                            : "65,536 pipelines wait for a worker, which is the limit");
        }
        waiting.release();
    }

    // ---- threads ----

    private void work() {
        while (true) {
            waiting.acquireUninterruptibly();
            if (leaves()) {
                return;
            }
            Runnable pipeline = channel.poll();
            if (pipeline != null) {
                run(pipeline);
            } else if (channel.isClosed()) {
                return;
            }
        }
    }

    private boolean leaves() {
        int many = leaving.get();
        while (many > 0) {
            if (leaving.compareAndSet(many, many - 1)) {
                return true;
            }
            many = leaving.get();
        }
        return false;
    }

    private static void run(Runnable pipeline) {
        try {
            pipeline.run();
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            log.warn("a pipeline failed on a worker", thrown);
        }
    }

    /** Takes no more; what waits is still run, and then the threads end. */
    @Override
    public void dispose() {
        if (disposed.compareAndSet(false, true)) {
            channel.close();
            scheduler.dispose();
            waiting.release(parallelism());
        }
    }

    @Override
    public boolean isDisposed() {
        return disposed.get();
    }
}
