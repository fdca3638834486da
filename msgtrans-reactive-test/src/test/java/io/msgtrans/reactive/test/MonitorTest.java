package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.LinkStats;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.monitor.Alert;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorOptions;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a monitor sees of a server that works. */
@ExtendWith(LeakCheck.class)
class MonitorTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final MonitorOptions FAST = MonitorOptions.DEFAULTS.interval(Duration.ofMillis(20));

    private BoundServer server;
    private Session session;

    @BeforeEach
    void start() {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("mem://monitored")
                .handle(this::serve)
                .bindNow();
        session = TransportClient.create(server.uri().toString()).connectNow();
    }

    private Mono<Void> serve(Session peer) {
        return peer.receive()
                .flatMap(request -> switch (request.payload().length) {
                    case 0 -> peer.replyError(request, 1000, "empty");
                    default -> Mono.delay(Duration.ofMillis(5)).then(peer.reply(request, request.payload()));
                })
                .then();
    }

    @AfterEach
    void stop() {
        session.dispose();
        TransportContract.stop(server);
    }

    @Test
    void snapshotsTellRatesAndTimes() {
        Monitor monitor = Monitor.of(server, FAST);
        Flux<MonitorSnapshot> seen = monitor.snapshots().share();
        Mono<MonitorSnapshot> busy =
                seen.filter(now -> now.answers().count() > 0).next().cache();
        busy.subscribe();
        Flux.range(0, 50)
                .flatMap(i -> session.request(Packet.request("hello")), 8)
                .blockLast(LIMIT);
        MonitorSnapshot now = busy.block(LIMIT);
        assertThat(now.packetsIn()).isPositive();
        // of the 50, all may have been read and not all of them have become packets yet
        assertThat(now.bytesIn()).isBetween(now.packetsIn() * 20.99, now.packetsIn() * 21.01 * 50);
        assertThat(now.answers().p99())
                .isGreaterThanOrEqualTo(now.answers().p50())
                .isGreaterThan(4000);
        assertThat(now.sessions()).isEqualTo(1);
        assertThat(now.protocols().get("tcp").packetsIn()).isEqualTo(now.packetsIn());
        assertThat(now.protocols().get("mem").sessions()).isZero();
        assertThat(now.process().heapUsed()).isPositive();
        assertThat(MonitorSnapshot.fromJson(now.toJson())).isEqualTo(now);
        monitor.dispose();
        assertThat(server.timings().answers().isOn()).isFalse();
    }

    @Test
    void alertsAreRaisedAndClearedAndTold() {
        List<Alert> told = new CopyOnWriteArrayList<>();
        Monitor monitor = Monitor.of(
                server,
                FAST.alertAfter(Duration.ofMillis(50))
                        .clearAfter(Duration.ofMillis(50))
                        .onAlert(told::add));
        Flux<Alert> alerts = monitor.alerts()
                .filter(alert -> alert.name().equals("p99 of the answers"))
                .replay()
                .autoConnect(0);
        var load = Flux.defer(() -> session.request(Packet.request("hello")))
                .repeat()
                .subscribe();
        Alert raised = alerts.next().block(LIMIT);
        assertThat(raised.raised()).isTrue();
        assertThat(raised.worst()).isGreaterThan(4000);
        assertThat(monitor.activeAlerts()).extracting(Alert::name).contains("p99 of the answers");
        load.dispose();
        Alert cleared = alerts.filter(alert -> !alert.raised()).next().block(LIMIT);
        assertThat(cleared.message()).contains("again");
        assertThat(told).contains(raised, cleared);
        monitor.dispose();
    }

    @Test
    void errorsAreAShareOfTheRequests() {
        Session extended = TransportClient.create(server.uri().toString())
                .endpoint(options -> options.extensions(io.msgtrans.reactive.EndpointOptions.Extensions.ON))
                .connectNow();
        Monitor monitor = Monitor.of(server, FAST);
        Mono<MonitorSnapshot> bad =
                monitor.snapshots().filter(now -> now.errorRate() > 0).next().cache();
        bad.subscribe();
        extended.request(Packet.request("")).onErrorComplete().block(LIMIT);
        assertThat(bad.block(LIMIT).errorRate()).isEqualTo(1);
        extended.dispose();
        monitor.dispose();
    }

    @Test
    void aFailingHandlerOfAlertsHurtsNobody() {
        Monitor monitor =
                Monitor.of(server, FAST.alertAfter(Duration.ZERO).alertCpu(0).onAlert(alert -> {
                    throw new IllegalStateException("wanted by the test");
                }));
        monitor.alerts().next().block(LIMIT);
        assertThat(monitor.snapshots().take(3).count().block(LIMIT)).isEqualTo(3);
        monitor.dispose();
    }

    @Test
    void itEndsWithItsServer() {
        Monitor monitor = Monitor.of(server, FAST);
        Mono<Void> end = monitor.snapshots().then().cache();
        end.subscribe();
        session.dispose();
        TransportContract.stop(server);
        end.block(LIMIT);
        assertThat(monitor.isDisposed()).isTrue();
    }

    @Test
    void whoDisposesItInALookGetsThatLookAndThenTheEnd() {
        Monitor monitor = Monitor.of(server, FAST);
        StepVerifier.create(monitor.snapshots().doOnNext(now -> monitor.dispose()))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void itEndsThoughALookIsBeingTold() {
        Monitor monitor = Monitor.of(server, FAST);
        Semaphore told = new Semaphore(0);
        AtomicBoolean goOn = new AtomicBoolean();
        Mono<Void> end = monitor.snapshots()
                .take(1)
                .doOnNext(now -> {
                    told.release();
                    while (!goOn.get()) {
                        // its thread must not block
                    }
                })
                .thenMany(monitor.alerts())
                .then()
                .cache();
        Mono<Void> other = monitor.snapshots().then().cache();
        end.subscribe();
        other.subscribe();
        told.acquireUninterruptibly();
        monitor.dispose();
        goOn.set(true);
        other.block(LIMIT);
        end.block(LIMIT);
    }

    @Test
    void linkTellsOfTheNetwork() {
        session.request(Packet.request("hello")).block(LIMIT);
        LinkStats link = session.link().block(LIMIT);
        Assumptions.assumeTrue(link != null, "needs epoll");
        assertThat(link.rtt()).isPositive();
        assertThat(link.retransmitted()).isZero();
    }

    @Test
    void statsTellOfWhatWaits() {
        TransportContract.until("the server has the session", () -> server.sessionCount() == 1);
        Session pushed = server.sessions().iterator().next();
        Mono<Void> sent = pushed.send(Flux.range(0, 2000).map(i -> Packet.oneWay(new byte[1000])))
                .cache();
        sent.subscribe();
        TransportContract.until(
                "nobody asks for what came", () -> session.stats().stalled() == 1);
        SessionStats stats = session.stats();
        assertThat(stats.waitingPackets()).isPositive();
        session.receive().subscribe();
        sent.block(LIMIT);
        TransportContract.until("all is read", () -> session.stats().packetsReceived() == 2000);
        assertThat(session.stats().stalled()).isZero();
        assertThat(pushed.stats().writes()).isBetween(1L, 2000L);
    }
}
