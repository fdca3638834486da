package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jctools.queues.MessagePassingQueue;
import org.jctools.queues.MpmcArrayQueue;
import org.jctools.queues.MpscArrayQueue;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A queue with two sides: a synchronous one for any thread, which never waits and never spins ({@link #offer}, {@link #poll},
 * {@link #fill}, {@link #drain}), and a reactive one ({@link #send}, {@link #sendAll}, {@link #receive}). Each item goes to one
 * consumer.
 *
 * <pre>
 *   offer  1 2 3 4 5 6 --+           +--> receive() --1---3-4---6-->    (demand of its own)
 *                        +-- queue --+
 *   send   a ... b ------+           +--> receive() ----2-----5-a-b->
 * </pre>
 *
 * <p><b>Choice.</b> The queue is chosen by the factory: {@link #spsc} for one producer and one consumer is the fastest, {@link
 * #mpsc} takes items of any thread for one consumer, {@link #mpmc} has no such limits. More producers or consumers at one time
 * than a factory names corrupt the queue, but for a second subscriber of {@link #receive}, which is refused. Consumers that
 * follow one another count as one.
 *
 * <p><b>Order.</b> Items of one producer are taken in their order. A {@code send} that waits for room may be overtaken by
 * offers; those that wait go in their order.
 *
 * <p><b>Threads.</b> A subscriber of {@link #receive()} is signalled by the thread that offers, or that requests; one of {@link
 * #receive(Scheduler)} by a worker of that scheduler. The Mono of a {@code send} that had to wait is completed by the thread
 * that made room.
 *
 * <p><b>Close.</b> What was accepted is still given out, then consumers complete, or fail with what the channel was closed with.
 * An offer at the same time as the close is either answered {@code CLOSED} or given out.
 *
 * <p>While only the synchronous side is used, it costs what the queue of JCTools costs. From the first subscriber or waiting
 * {@code send} on, each offer and poll has a memory fence more.
 */
public final class MpmcChannel<T> {

    private static final int MAX_CAPACITY = 1 << 24;
    private static final int UNBOUNDED_CHUNK = 1024;
    private static final int MAX_WAITING_SENDS = 1 << 16;
    private static final long SETTLED_MILLIS = 10;
    private static final ChannelConsumer<?>[] NONE = {};

    private final MessagePassingQueue<T> queue;
    private final boolean singleProducer;
    private final boolean singleConsumer;
    private final LongAdder fulls = new LongAdder();

    /** What an offer or a poll must know before it goes straight to the queue, in one word: it reads one. */
    private volatile int flags;

    private static final AtomicIntegerFieldUpdater<MpmcChannel<?>> FLAGS = updater("flags");

    private static final int CLOSED = 1;
    /** Somebody waits, or waited, for items or for room, and so must be looked for. Never cleared. */
    private static final int WATCHED = 2;
    /** There are returned items. */
    private static final int RETURNED = 4;

    private volatile @Nullable Throwable closeError;
    private volatile ChannelConsumer<?>[] consumers = NONE;

    /** Consumers that have demand and found nothing. */
    private volatile int parked;

    private static final AtomicIntegerFieldUpdater<MpmcChannel<?>> PARKED = updater("parked");

    /** Sends that wait for room. */
    private volatile int waiting;

    private static final AtomicIntegerFieldUpdater<MpmcChannel<?>> WAITING = updater("waiting");

    private final AtomicInteger waking = new AtomicInteger();
    private final Deque<WaitingSend> sends = new ConcurrentLinkedDeque<>();
    /** Items that a consumer had taken and was cancelled before it got them. */
    private final Deque<T> returned = new ConcurrentLinkedDeque<>();

    // Guarded by this.
    /** A consumer has completed: nobody takes anything any more. */
    private boolean terminated;
    /** Items of offers that came too late and are still under way. */
    private final Set<T> orphans = Collections.newSetFromMap(new IdentityHashMap<>());

    private MpmcChannel(MessagePassingQueue<T> queue, boolean singleProducer, boolean singleConsumer) {
        this.queue = queue;
        this.singleProducer = singleProducer;
        this.singleConsumer = singleConsumer;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // a class literal has no type arguments
    private static AtomicIntegerFieldUpdater<MpmcChannel<?>> updater(String field) {
        return (AtomicIntegerFieldUpdater) AtomicIntegerFieldUpdater.newUpdater(MpmcChannel.class, field);
    }

    /** For any number of producers and consumers. The capacity, 2..2^24, is rounded up to a power of two. */
    public static <T> MpmcChannel<T> mpmc(int capacity) {
        return new MpmcChannel<>(new MpmcArrayQueue<>(checked(capacity)), false, false);
    }

    /** For any number of producers and one consumer. The capacity, 2..2^24, is rounded up to a power of two. */
    public static <T> MpmcChannel<T> mpsc(int capacity) {
        return new MpmcChannel<>(new MpscArrayQueue<>(checked(capacity)), false, true);
    }

    /** For one producer and one consumer. The capacity, 2..2^24, is rounded up to a power of two. */
    public static <T> MpmcChannel<T> spsc(int capacity) {
        return new MpmcChannel<>(new SpscArrayQueue<>(checked(capacity)), true, true);
    }

    /** As {@link #mpsc} without a bound: it is never full, and the memory is the limit. */
    public static <T> MpmcChannel<T> mpscUnbounded() {
        return new MpmcChannel<>(new MpscUnboundedArrayQueue<>(UNBOUNDED_CHUNK), false, true);
    }

    private static int checked(int capacity) {
        if (capacity < 2 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity " + capacity + " is outside 2.." + MAX_CAPACITY);
        }
        return capacity;
    }

    // ---- the synchronous side ----

    /** Takes an item if there is room: {@code ACCEPTED}, {@code FULL} or {@code CLOSED}. */
    public OfferResult offer(T item) {
        int now = flags;
        if ((now & (CLOSED | WATCHED)) != 0) {
            return offerWatched(item, now);
        }
        if (queue.offer(item)) {
            return OfferResult.ACCEPTED;
        }
        fulls.increment();
        return OfferResult.FULL;
    }

    private OfferResult offerWatched(T item, int now) {
        if ((now & CLOSED) != 0) {
            return OfferResult.CLOSED;
        }
        // Whoever waits in a channel for one producer offers in that producer's place.
        if ((singleProducer && waiting != 0) || !queue.offer(item)) {
            fulls.increment();
            return isClosed() ? OfferResult.CLOSED : OfferResult.FULL;
        }
        return offered(item);
    }

    /** An item, or {@code null} when there is none. */
    public @Nullable T poll() {
        int now = flags;
        if (now == 0) {
            return queue.poll();
        }
        T item = (now & RETURNED) != 0 ? pollReturned() : queue.poll();
        if (item != null && (now & WATCHED) != 0) {
            madeRoom();
        }
        return item;
    }

    /** Offers what the supplier makes, as long as there is room; gives how many. */
    public int fill(Supplier<T> items, int max) {
        if (isClosed() || (singleProducer && waiting != 0)) {
            return 0;
        }
        if (isWatched()) {
            int filled = 0;
            while (filled < max
                    && !isClosed()
                    && queue.size() < queue.capacity()
                    && offer(items.get()) == OfferResult.ACCEPTED) {
                filled++;
            }
            return filled;
        }
        return queue.fill(items::get, max);
    }

    /** Gives items to a consumer, as long as there are any; gives how many. */
    public int drain(Consumer<T> consumer, int max) {
        int drained = 0;
        while (drained < max && hasReturned()) {
            T item = pollReturned();
            if (item == null) {
                break;
            }
            consumer.accept(item);
            drained++;
        }
        drained += queue.drain(consumer::accept, max - drained);
        if (drained > 0 && isWatched()) {
            madeRoom();
        }
        return drained;
    }

    /** Items in the queue; an estimate while others use it. */
    public int size() {
        return queue.size() + returned.size();
    }

    /** Offers that were answered {@code FULL} so far, those of waiting sends included. */
    public long fulls() {
        return fulls.sum();
    }

    /** Sends that wait for room. */
    public int waitingSends() {
        return waiting;
    }

    // ---- the reactive side ----

    /**
     * Sends an item for each subscriber: completes when it was accepted, waits while the channel is full. Cancel takes back an
     * item that waits. Fails with {@link ChannelClosedException}, or with {@link LimitException} when 65,536 sends wait.
     */
    public Mono<Void> send(T item) {
        Objects.requireNonNull(item, "item");
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                new SendOne<>(MpmcChannel.this, item, actual).start();
            }
        };
    }

    /**
     * Sends what a publisher emits, asking for more as there is room. Completes when all of it was accepted, fails with the
     * publisher's error or as {@link #send} does, and then drops what the publisher had emitted and the channel not accepted,
     * to Reactor's discard hook.
     */
    public Mono<Void> sendAll(Publisher<? extends T> items) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                items.subscribe(new SendAll<>(MpmcChannel.this, actual));
            }
        };
    }

    /**
     * The items, shared with other subscribers and whoever polls. What a cancelled subscriber had not got goes to others.
     * Signalled by the threads that offer or request.
     */
    public Flux<T> receive() {
        return flux(null);
    }

    /** As {@link #receive()}, signalled by a worker of a scheduler: without a queue in between, unlike {@code publishOn}. */
    public Flux<T> receive(Scheduler scheduler) {
        return flux(scheduler);
    }

    private Flux<T> flux(@Nullable Scheduler scheduler) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super T> actual) {
                ChannelConsumer<T> consumer = new ChannelConsumer<>(
                        MpmcChannel.this, actual, scheduler == null ? null : scheduler.createWorker());
                if (add(consumer)) {
                    actual.onSubscribe(consumer);
                    consumer.begin();
                } else {
                    consumer.release();
                    Operators.error(actual, new IllegalStateException("a channel for one consumer has one"));
                }
            }
        };
    }

    // ---- the end ----

    /** Takes no more; consumers complete when everything is given out. */
    public void close() {
        end(null);
    }

    /** Takes no more; consumers fail when everything is given out. */
    public void closeWithError(Throwable error) {
        end(Objects.requireNonNull(error, "error"));
    }

    /** Whether it takes no more. */
    public boolean isClosed() {
        return (flags & CLOSED) != 0;
    }

    private void end(@Nullable Throwable error) {
        synchronized (this) {
            if (isClosed()) {
                return;
            }
            closeError = error;
            set(CLOSED);
        }
        wakeSends();
        for (ChannelConsumer<?> consumer : consumers) {
            consumer.signal();
        }
    }

    private void set(int flag) {
        FLAGS.getAndUpdate(this, now -> now | flag);
    }

    private boolean isWatched() {
        return (flags & WATCHED) != 0;
    }

    private boolean hasReturned() {
        return (flags & RETURNED) != 0;
    }

    @Nullable
    Throwable closeError() {
        return closeError;
    }

    /** Whether everything is given out after the close; then nothing is given out any more. */
    boolean tryTerminate() {
        if (!isClosed()) {
            return false;
        }
        synchronized (this) {
            terminated |= isEmpty();
            return terminated;
        }
    }

    /** The rare offer that overlaps with the close: given out if a consumer is left, else taken back. */
    private OfferResult offeredWhileClosing(T item) {
        synchronized (this) {
            if (!terminated) {
                return OfferResult.ACCEPTED; // tryTerminate() will find it
            }
            for (T late = queue.poll(); late != null; late = queue.poll()) {
                orphans.add(late);
            }
            return orphans.remove(item) ? OfferResult.CLOSED : OfferResult.ACCEPTED;
        }
    }

    // ---- consumers ----

    private boolean add(ChannelConsumer<T> consumer) {
        synchronized (this) {
            ChannelConsumer<?>[] before = consumers;
            if (singleConsumer && before.length > 0) {
                return false;
            }
            ChannelConsumer<?>[] more = Arrays.copyOf(before, before.length + 1);
            more[before.length] = consumer;
            consumers = more;
        }
        watch();
        return true;
    }

    void remove(ChannelConsumer<T> consumer) {
        synchronized (this) {
            consumers =
                    Arrays.stream(consumers).filter(other -> other != consumer).toArray(ChannelConsumer<?>[]::new);
        }
        if (!isEmpty() || isClosed()) {
            wakeConsumer();
        }
    }

    boolean isEmpty() {
        return queue.isEmpty() && !hasReturned();
    }

    /**
     * From now on offers look for parked consumers and polls for waiting sends. An offer that has just not seen the flag may not
     * have been seen either: a look after it has surely become visible finds that one.
     */
    private void watch() {
        if (!isWatched()) {
            set(WATCHED);
            Schedulers.parallel().schedule(this::lookAgain, SETTLED_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void lookAgain() {
        if (!isEmpty() && parked != 0) {
            wakeConsumer();
        }
        if (waiting != 0) {
            wakeSends();
        }
    }

    // The item must be visible before parked is read, and parked is counted before its consumer looks for
    // items: one of the two sees the other.
    private OfferResult offered(T item) {
        VarHandle.fullFence();
        if (parked != 0) {
            wakeConsumer();
        }
        return isClosed() ? offeredWhileClosing(item) : OfferResult.ACCEPTED;
    }

    void wakeConsumer() {
        for (ChannelConsumer<?> consumer : consumers) {
            if (consumer.unpark()) {
                return;
            }
        }
    }

    void park() {
        PARKED.incrementAndGet(this);
    }

    void unpark() {
        PARKED.decrementAndGet(this);
    }

    void giveBack(T item) {
        returned.addFirst(item);
        set(RETURNED);
        wakeConsumer();
    }

    private @Nullable T pollReturned() {
        T item = returned.pollFirst();
        if (item == null) {
            FLAGS.getAndUpdate(this, now -> now & ~RETURNED);
            item = returned.pollFirst(); // given back before the flag was cleared
            if (item != null) {
                set(RETURNED);
            }
        }
        return item == null ? queue.poll() : item;
    }

    // ---- sends that wait ----

    /** A send that found the channel full. */
    interface WaitingSend {
        /** Offers again; true when it need not be called any more. Called by one thread at a time. */
        boolean retry();
    }

    /** Has a send called when there is room. */
    void await(WaitingSend send) {
        if (WAITING.incrementAndGet(this) > MAX_WAITING_SENDS) {
            WAITING.decrementAndGet(this);
            throw new LimitException(
                    "sends that wait for room in a channel", "65,536, which is fixed", MAX_WAITING_SENDS, waiting + 1L);
        }
        sends.addLast(send);
        watch();
        wakeSends();
    }

    private void madeRoom() {
        VarHandle.fullFence();
        if (waiting != 0) {
            wakeSends();
        }
    }

    /** Lets sends offer again, one after the other, while there is room. */
    private void wakeSends() {
        if (waking.getAndIncrement() != 0) {
            return;
        }
        int missed = 1;
        do {
            for (WaitingSend send = sends.pollFirst(); send != null; send = sends.pollFirst()) {
                if (!send.retry()) {
                    sends.addFirst(send);
                    break;
                }
                WAITING.decrementAndGet(this);
            }
            missed = waking.addAndGet(-missed);
        } while (missed != 0);
    }

    /** An offer of a send that waits. */
    OfferResult offerAgain(T item) {
        if (isClosed()) {
            return OfferResult.CLOSED;
        }
        if (!queue.offer(item)) {
            return isClosed() ? OfferResult.CLOSED : OfferResult.FULL;
        }
        return offered(item);
    }

    /** The reason why nothing is taken any more. */
    ChannelClosedException closedException() {
        return new ChannelClosedException(closeError);
    }

    /** How many items a publisher is asked for at one time. */
    int window() {
        return Math.max(1, Math.min(256, queue.capacity()));
    }
}
