package io.msgtrans.reactive.jmh;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.operator.MpmcChannel;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jctools.queues.MpmcArrayQueue;
import org.jctools.queues.MpscArrayQueue;
import org.jctools.queues.SpscArrayQueue;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * A million items from one thread to another, through channels, the queues below them, and Reactor's sinks. Needs two processors.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ChannelBenchmark {

    private static final int ITEMS = 1_000_000;
    private static final int CAPACITY = 1024;
    private static final Integer ITEM = 1;

    // ---- the synchronous side ----

    private static void handOver(Queue<Integer> queue, Blackhole hole) throws InterruptedException {
        Thread producer = new Thread(() -> {
            for (int i = 0; i < ITEMS; ) {
                if (queue.offer(ITEM)) {
                    i++;
                } else {
                    Thread.onSpinWait();
                }
            }
        });
        producer.start();
        for (int i = 0; i < ITEMS; ) {
            Integer item = queue.poll();
            if (item != null) {
                hole.consume(item);
                i++;
            } else {
                Thread.onSpinWait();
            }
        }
        producer.join();
    }

    private static void handOver(MpmcChannel<Integer> channel, Blackhole hole) throws InterruptedException {
        Thread producer = new Thread(() -> {
            for (int i = 0; i < ITEMS; ) {
                if (channel.offer(ITEM) == OfferResult.ACCEPTED) {
                    i++;
                } else {
                    Thread.onSpinWait();
                }
            }
        });
        producer.start();
        for (int i = 0; i < ITEMS; ) {
            Integer item = channel.poll();
            if (item != null) {
                hole.consume(item);
                i++;
            } else {
                Thread.onSpinWait();
            }
        }
        producer.join();
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncQueueSpsc(Blackhole hole) throws InterruptedException {
        handOver(new SpscArrayQueue<>(CAPACITY), hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncChannelSpsc(Blackhole hole) throws InterruptedException {
        handOver(MpmcChannel.spsc(CAPACITY), hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncQueueMpsc(Blackhole hole) throws InterruptedException {
        handOver(new MpscArrayQueue<>(CAPACITY), hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncChannelMpsc(Blackhole hole) throws InterruptedException {
        handOver(MpmcChannel.mpsc(CAPACITY), hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncQueueMpmc(Blackhole hole) throws InterruptedException {
        handOver(new MpmcArrayQueue<>(CAPACITY), hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncChannelMpmc(Blackhole hole) throws InterruptedException {
        handOver(MpmcChannel.mpmc(CAPACITY), hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void syncArrayBlockingQueue(Blackhole hole) throws InterruptedException {
        handOver(new ArrayBlockingQueue<>(CAPACITY), hole);
    }

    // ---- the reactive side: a publisher on this thread, subscribers on others ----

    private static void consume(MpmcChannel<Integer> channel, int consumers, Blackhole hole)
            throws InterruptedException {
        CountDownLatch done = new CountDownLatch(consumers);
        for (int i = 0; i < consumers; i++) {
            channel.receive(Schedulers.parallel()).subscribe(hole::consume, error -> {}, done::countDown);
        }
        channel.sendAll(Flux.<Integer>generate(sink -> sink.next(ITEM)).take(ITEMS))
                .subscribe(null, null, channel::close);
        done.await();
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void reactiveChannelSpsc(Blackhole hole) throws InterruptedException {
        consume(MpmcChannel.spsc(CAPACITY), 1, hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void reactiveChannelMpmc(Blackhole hole) throws InterruptedException {
        consume(MpmcChannel.mpmc(CAPACITY), 1, hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void reactiveChannelMpmcTwoConsumers(Blackhole hole) throws InterruptedException {
        consume(MpmcChannel.mpmc(CAPACITY), 2, hole);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public void reactiveSinkPublishOn(Blackhole hole) throws InterruptedException {
        Sinks.Many<Integer> sink = Sinks.many().unicast().onBackpressureBuffer(new ArrayBlockingQueue<>(CAPACITY));
        CountDownLatch done = new CountDownLatch(1);
        sink.asFlux().publishOn(Schedulers.parallel()).subscribe(hole::consume, error -> {}, done::countDown);
        for (int i = 0; i < ITEMS; ) {
            if (sink.tryEmitNext(ITEM).isSuccess()) {
                i++;
            } else {
                Thread.onSpinWait();
            }
        }
        sink.tryEmitComplete();
        done.await();
    }
}
