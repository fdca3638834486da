package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.health.Health;
import io.msgtrans.reactive.health.HealthState;
import io.msgtrans.reactive.health.HeartbeatOptions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What sessions find out about their peers by heartbeats. */
@ExtendWith(LeakCheck.class)
class HeartbeatTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HOUR = Duration.ofHours(1);
    /** Less than a minute, by which states change, and more than the half of it by which they are looked at. */
    private static final Duration STEP = Duration.ofSeconds(40);

    /** A pause of this machine ends no session. */
    private static final HeartbeatOptions FAST =
            HeartbeatOptions.OFF.interval(Duration.ofMillis(60)).silence(200, 300, 400);

    private static BoundServer serve(String uri, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create().listen(uri).handle(handler).bindNow();
    }

    private static Session connect(String uri, Extensions extensions, HeartbeatOptions heartbeat) {
        return TransportClient.create(uri)
                .endpoint(o -> o.extensions(extensions))
                .session(o -> o.heartbeat(heartbeat))
                .connectNow();
    }

    @ParameterizedTest
    @CsvSource({
        "tcp://127.0.0.1:0, ON, true",
        "ws://127.0.0.1:0, AUTO, true",
        "ws://127.0.0.1:0, OFF, false",
        "tcp://127.0.0.1:0, OFF, false",
        "mem://heartbeat, AUTO, true"
    })
    void theRoundTripIsMeasuredAndAServerSaysHowBusyItIs(String uri, Extensions extensions, boolean tells) {
        BoundServer server = serve(uri, TransportContract::echo);
        Session session = connect(
                server.uri().toString(),
                extensions,
                FAST.packet(Packet.builder(PacketType.REQUEST).bizType(9).build()));
        TransportContract.until(
                "a heartbeat is answered in time",
                () -> session.health().roundTrip() != null && session.health().state() == HealthState.HEALTHY);
        Health health = session.health();
        assertThat(health.latest()).isPositive().isLessThan(LIMIT);
        assertThat(health.variation()).isNotNull();
        assertThat(health.load().sessions()).isEqualTo(tells ? 1 : 0);
        assertThat(health.load().draining()).isFalse();
        session.dispose();
        TransportContract.stop(server);
    }

    @Test
    void aPeerThatCannotBeAskedOwesNoSigns() {
        BoundServer server = serve("tcp://127.0.0.1:0", TransportContract::echo);
        Session session = connect(server.uri().toString(), Extensions.OFF, FAST);
        Mono.delay(Duration.ofMillis(500)).block(LIMIT);
        assertThat(session.isOpen()).isTrue();
        assertThat(session.health().state()).isEqualTo(HealthState.HEALTHY);
        assertThat(session.health().roundTrip()).isNull();
        session.dispose();
        TransportContract.stop(server);
    }

    private static BoundServer serve(TestClock clock, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create()
                .runOn(clock.loops())
                .listen("tcp://127.0.0.1:0")
                .handle(handler)
                .bindNow();
    }

    /** A session that asks once a minute, and has been answered. A move of the clock while an answer is under way is no slow link. */
    private static Session connect(TestClock clock, int port) {
        Session session = TransportClient.create("tcp://127.0.0.1:" + port)
                .runOn(clock.loops())
                .endpoint(o -> o.extensions(Extensions.ON))
                .session(o -> o.requestTimeout(HOUR)
                        .heartbeat(HeartbeatOptions.OFF.interval(MINUTE).roundTrip(HOUR, HOUR)))
                .connectNow();
        TransportContract.until("it can ask", session::isExtended);
        clock.advance(STEP);
        clock.advance(STEP);
        TransportContract.until(
                "a heartbeat is answered", () -> session.health().roundTrip() != null);
        return session;
    }

    @Test
    void aCutLinkIsNoticedStateByStateAndFailsWhatIsInFlight() {
        try (TestClock clock = TestClock.create()) {
            BoundServer server = serve(clock, session -> session.receive().then());
            try (TcpProxy proxy = TcpProxy.to(server.uri().getPort())) {
                Session session = connect(clock, proxy.port());
                Queue<HealthState> states = new ConcurrentLinkedQueue<>();
                session.healthChanges().map(Health::state).subscribe(states::add);
                Mono<Packet> request =
                        session.request(Packet.request("never answered")).cache();
                request.subscribe(answer -> {}, error -> {});
                proxy.cut(true);
                for (int steps = 0; steps < 10; steps++) {
                    clock.advance(STEP);
                }
                assertThatThrownBy(() -> request.block(LIMIT)).isInstanceOf(ConnectionLostException.class);
                assertThat(Objects.requireNonNull(session.onClose().block(LIMIT))
                                .kind())
                        .isEqualTo(CloseReason.Kind.UNRESPONSIVE);
                assertThat(states)
                        .containsExactly(
                                HealthState.HEALTHY, HealthState.DEGRADED, HealthState.CRITICAL, HealthState.FAILED);
                proxy.cut(false);
            }
            TransportContract.stop(server);
        }
    }

    @Test
    void aSlowLinkDegradesAndRecovers() {
        BoundServer server = serve("tcp://127.0.0.1:0", TransportContract::echo);
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort()).delay(Duration.ofMillis(60))) {
            Session session = connect(
                    "tcp://127.0.0.1:" + proxy.port(),
                    Extensions.ON,
                    HeartbeatOptions.OFF
                            .interval(Duration.ofMillis(50)) // of which several are under way
                            .roundTrip(Duration.ofMillis(100), Duration.ofSeconds(20))
                            .silence(20, 30, 40));
            TransportContract.until("it is degraded", () -> session.health().state() == HealthState.DEGRADED);
            proxy.delay(Duration.ZERO);
            TransportContract.until("it is well", () -> session.health().state() == HealthState.HEALTHY);
            session.dispose();
        }
        TransportContract.stop(server);
    }

    @Test
    void whoDoesNotReadForWantOfDemandIsNotTakenForDead() {
        Sinks.Empty<Void> read = Sinks.empty();
        AtomicLong got = new AtomicLong();
        try (TestClock clock = TestClock.create()) {
            BoundServer server = serve(
                    clock,
                    session -> read.asMono()
                            .thenMany(session.receive())
                            .doOnNext(packet -> got.incrementAndGet())
                            .then());
            Session session = connect(clock, server.uri().getPort());
            long sent = 0;
            while (session.offer(Packet.oneWay(new byte[4096])) == OfferResult.ACCEPTED) {
                sent++;
            }
            TransportContract.until(
                    "the server does not read", () -> server.stats().traffic().stalled() == 1);
            for (int steps = 0; steps < 20; steps++) {
                clock.advance(STEP);
                TransportContract.until(
                        "signs of life come", () -> session.health().silence().compareTo(MINUTE) < 0);
            }
            assertThat(session.isOpen()).isTrue();
            read.tryEmitEmpty();
            long all = sent;
            TransportContract.until("all have arrived", () -> got.get() >= all);
            session.dispose();
            TransportContract.stop(server);
        }
    }

    @Test
    void aServerThatDrainsSaysSoWhileItFinishes() {
        Sinks.Empty<Void> answer = Sinks.empty();
        BoundServer server = serve(
                "tcp://127.0.0.1:0",
                session -> session.receive()
                        .flatMap(request -> answer.asMono().then(session.reply(request, "done")))
                        .then());
        Session session = connect(server.uri().toString(), Extensions.ON, FAST);
        session.receive().subscribe();
        Mono<Packet> working = session.request(Packet.request("work")).cache();
        working.subscribe();
        TransportContract.until(
                "a heartbeat is answered", () -> session.health().roundTrip() != null);
        TransportContract.until(
                "the request is there", () -> server.stats().traffic().packetsReceived() >= 2);
        server.drain(LIMIT).subscribe();
        List<Health> changes = session.healthChanges()
                .takeUntil(health -> health.load().draining())
                .collectList()
                .block(LIMIT);
        assertThat(changes)
                .last()
                .satisfies(health -> assertThat(health.load().draining()).isTrue());
        answer.tryEmitEmpty();
        assertThat(Objects.requireNonNull(working.block(LIMIT)).payloadText()).isEqualTo("done");
        server.onDispose().block(LIMIT);
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> FAST.interval(Duration.ofMillis(1)))
                .hasMessage("interval PT0.001S is outside 20 ms..1 h");
        assertThatThrownBy(() -> FAST.silence(2, 1, 3))
                .hasMessage("silence 2.0, 1.0, 3.0 is not a rising row of intervals in 1.1..1000");
        assertThatThrownBy(() -> FAST.roundTrip(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessage("roundTrip PT2S, PT1S is not a rising row of positive times");
    }
}
