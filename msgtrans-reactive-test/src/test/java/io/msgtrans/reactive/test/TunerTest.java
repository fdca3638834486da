package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorOptions;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import io.msgtrans.reactive.operator.Workers;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.tuning.Knob;
import io.msgtrans.reactive.tuning.Knobs;
import io.msgtrans.reactive.tuning.Situation;
import io.msgtrans.reactive.tuning.Tuner;
import io.msgtrans.reactive.tuning.TunerEvent;
import io.msgtrans.reactive.tuning.TunerEvent.Kind;
import io.msgtrans.reactive.tuning.TunerOptions;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What knobs want, and that turning them does something to a server at work. */
@ExtendWith(LeakCheck.class)
class TunerTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private BoundServer server;
    private Session client;

    @BeforeEach
    void start() {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> Mono.never())
                .bindNow();
        client = TransportClient.create(server.uri().toString()).connectNow();
        TransportContract.until("it is open", () -> server.sessionCount() == 1);
    }

    @AfterEach
    void stop() {
        client.dispose();
        TransportContract.stop(server);
    }

    private static Situation situation(double packets, double perWrite, double cpu, double memory, double stalled) {
        return new Situation(packets, packets, perWrite, 100, 0, cpu, memory, memory, stalled, 0, 10);
    }

    @Test
    void aWriteDelayJoinsThePacketsOfOpenSessions() throws InterruptedException {
        Session pushed = server.sessions().iterator().next();
        client.receive().subscribe();
        AtomicBoolean going = new AtomicBoolean(true);
        Thread producer = new Thread(() -> {
            while (going.get()) {
                pushed.offer(Packet.oneWay("tick"));
                LockSupport.parkNanos(20_000);
            }
        });
        producer.start();
        Monitor monitor = Monitor.of(server, MonitorOptions.DEFAULTS.interval(Duration.ofMillis(50)));
        Knob delay = Knobs.writeDelay(server, Duration.ofMillis(2));
        double before = perWrite(monitor, ratio -> ratio > 0);
        Knob live = new Live(delay, now -> {
            return delay.value() == 0 && now.packetsOut() > 1000 ? new Knob.Proposal(2000, "the test wants it") : null;
        });
        Tuner tuner = Tuner.of(
                monitor,
                TunerOptions.DEFAULTS
                        .interval(Duration.ofMillis(500))
                        .acts(true)
                        .knob(live));
        TunerEvent seen = tuner.events()
                .doOnNext(event -> tuner.dispose()) // whether it would keep that depends on the machine's other work
                .blockFirst(LIMIT);
        double after = perWrite(monitor, ratio -> ratio > 3 * before);
        going.set(false);
        producer.join();
        assertThat(seen).isNotNull().extracting(TunerEvent::kind).isEqualTo(Kind.ACTION);
        assertThat(server.sessionOptions().writeDelay()).isEqualTo(Duration.ofMillis(2));
        assertThat(after).isGreaterThan(3 * before);
        assertThat(tuner.past()).containsExactly(seen);
        monitor.dispose();
    }

    /** It proposes something at each look. */
    private Tuner talkative(Monitor monitor) {
        Knob always = new Live(
                Knobs.writeDelay(server, Duration.ofMillis(2)), now -> new Knob.Proposal(1000, "the test wants it"));
        return Tuner.of(
                monitor, TunerOptions.DEFAULTS.interval(Duration.ofMillis(100)).knob(always));
    }

    @Test
    void whoDisposesItInAnEventGetsThatEventAndThenTheEnd() {
        Monitor monitor = Monitor.of(server, MonitorOptions.DEFAULTS.interval(Duration.ofMillis(20)));
        Tuner tuner = talkative(monitor);
        StepVerifier.create(tuner.events().doOnNext(event -> tuner.dispose()))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
        monitor.dispose();
    }

    @Test
    void itEndsThoughAnEventIsBeingTold() {
        Monitor monitor = Monitor.of(server, MonitorOptions.DEFAULTS.interval(Duration.ofMillis(20)));
        Tuner tuner = talkative(monitor);
        Semaphore told = new Semaphore(0);
        AtomicBoolean goOn = new AtomicBoolean();
        Mono<Void> end = tuner.events()
                .doOnNext(event -> {
                    told.release();
                    while (!goOn.get()) {
                        // its thread must not block
                    }
                })
                .then()
                .cache();
        end.subscribe();
        told.acquireUninterruptibly();
        tuner.dispose();
        goOn.set(true);
        end.block(LIMIT);
        monitor.dispose();
    }

    /** Packets that go into a write, once they are as wanted. */
    private static double perWrite(Monitor monitor, DoublePredicate wanted) {
        return monitor.snapshots()
                .map(MonitorSnapshot::packetsPerWrite)
                .filter(wanted::test)
                .blockFirst(LIMIT);
    }

    /** A knob of ours with proposals of the test. */
    private record Live(Knob knob, Function<Situation, Proposal> proposal) implements Knob {
        @Override
        public String name() {
            return knob.name();
        }

        @Override
        public String unit() {
            return knob.unit();
        }

        @Override
        public long value() {
            return knob.value();
        }

        @Override
        public void set(long value) {
            knob.set(value);
        }

        @Override
        public long least() {
            return knob.least();
        }

        @Override
        public long most() {
            return knob.most();
        }

        @Override
        public Proposal propose(Situation now) {
            return proposal.apply(now);
        }
    }

    @Test
    void writeDelayGoesUpWhileSinglePacketsCostAndDownWhenTheyDoNot() {
        Knob knob = Knobs.writeDelay(server, Duration.ofMillis(1));
        assertThat(knob.propose(situation(100, 1, 0.6, 0, 0))).as("few packets").isNull();
        assertThat(knob.propose(situation(50_000, 20, 0.6, 0, 0)))
                .as("joined already")
                .isNull();
        assertThat(knob.propose(situation(50_000, 1.1, 0.6, 0, 0)).value()).isEqualTo(100);
        knob.set(400);
        assertThat(knob.propose(situation(50_000, 1.1, 0.6, 0, 0)).value()).isEqualTo(800);
        assertThat(knob.propose(situation(50_000, 9, 0.05, 0, 0)).value()).isEqualTo(200);
        assertThat(knob.regret(0, 400, situation(50_000, 1, 0.6, 0, 0), situation(50_000, 9, 0.59, 0, 0)))
                .contains("98 %");
        assertThat(knob.regret(0, 400, situation(50_000, 1, 0.6, 0, 0), situation(50_000, 9, 0.4, 0, 0)))
                .isNull();
        Knob batch = Knobs.writeBatch(server, 32, 256);
        assertThat(batch.propose(situation(50_000, 30, 0.6, 0, 0)).value()).isEqualTo(64);
        knob.set(0);
        assertThat(batch.propose(situation(50_000, 30, 0.6, 0, 0)))
                .as("without a delay")
                .isNull();
    }

    @Test
    void theInboundWindowGrowsForBurstsAndShrinksForMemory() {
        Knob knob = Knobs.inboundPackets(server, 64, 4096);
        assertThat(knob.value()).isEqualTo(256);
        assertThat(knob.propose(situation(1000, 1, 0.2, 0.1, 2)).value()).isEqualTo(512);
        assertThat(knob.propose(situation(1000, 1, 0.2, 0.1, 9)))
                .as("all stall: no window helps")
                .isNull();
        assertThat(knob.propose(situation(1000, 1, 0.2, 0.9, 0)).value()).isEqualTo(128);
        client.send(Flux.<Packet>generate(sink -> sink.next(Packet.oneWay("x"))))
                .subscribe(x -> {}, x -> {});
        Session stalled = server.sessions().iterator().next();
        TransportContract.until("the window is full", () -> stalled.stats().waitingPackets() == 256);
        knob.set(512);
        TransportContract.until("and larger", () -> stalled.stats().waitingPackets() == 512);
    }

    @Test
    void workersFollow() throws InterruptedException {
        Workers workers = Workers.of(2);
        Knob knob = Knobs.workers(workers, 1, 8);
        CountDownLatch hold = new CountDownLatch(1);
        List<Mono<Integer>> calls = Flux.range(0, 20)
                .map(i -> Mono.just(i)
                        .publishOn(workers.scheduler())
                        .doOnNext(any -> awaitQuietly(hold))
                        .cache())
                .collectList()
                .block(LIMIT);
        calls.forEach(Mono::subscribe);
        TransportContract.until("they wait", () -> workers.waiting() == 18);
        assertThat(knob.propose(situation(1, 1, 0.1, 0, 0)).value()).isEqualTo(4);
        knob.set(8);
        TransportContract.until("more are at work", () -> workers.waiting() == 12);
        assertThat(knob.propose(situation(1, 1, 0.95, 0, 0)))
                .isEqualTo(
                        8 > 2 * Runtime.getRuntime().availableProcessors()
                                ? new Knob.Proposal(4, "95 % CPU: more threads than processors only take turns")
                                : null);
        knob.set(1);
        hold.countDown();
        calls.forEach(call -> call.block(LIMIT));
        assertThat(workers.parallelism()).isEqualTo(1);
        assertThat(Mono.just(1).publishOn(workers.scheduler()).map(i -> i + 1).block(LIMIT))
                .isEqualTo(2);
        workers.dispose();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void poolsFollow() {
        SessionPool pool =
                SessionPool.of(TransportClient.create(server.uri().toString()), PoolOptions.DEFAULTS.size(1, 2));
        Knob knob = Knobs.poolSize(pool, 2, 8);
        var held = Flux.range(0, 5).flatMap(i -> pool.acquire()).collectList().toFuture();
        TransportContract.until("three wait", () -> pool.stats().waiting() == 3);
        assertThat(knob.propose(situation(1, 1, 0.1, 0, 0)).value()).isEqualTo(4);
        knob.set(8);
        held.join().forEach(session -> session.release().block(LIMIT));
        assertThat(pool.options().maxSessions()).isEqualTo(8);
        pool.close(LIMIT).block(LIMIT);
    }

    @Test
    void buffersAreTrimmedWhenMemoryIsShort() {
        Knob knob = Knobs.trimBuffers(server, PooledByteBufAllocator.DEFAULT);
        assertThat(knob.propose(situation(1, 1, 0.1, 0.5, 0))).isNull();
        assertThat(knob.propose(situation(1, 1, 0.1, 0.9, 0)).value()).isEqualTo(1);
        knob.set(1);
        assertThat(knob.value()).isEqualTo(1);
    }

    @Test
    void sessionsThatOpenLaterGetTheNewOptions() {
        server.reconfigure(options -> options.inboundPackets(7));
        Session later = TransportClient.create(server.uri().toString()).connectNow();
        later.send(Flux.<Packet>generate(sink -> sink.next(Packet.oneWay("x"))))
                .subscribeOn(Schedulers.parallel())
                .subscribe(x -> {}, x -> {});
        TransportContract.until(
                "its window is small",
                () -> server.sessions().stream()
                        .anyMatch(session -> session.stats().waitingPackets() == 7));
        later.dispose();
    }
}
