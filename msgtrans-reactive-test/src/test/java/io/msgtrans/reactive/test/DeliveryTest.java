package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.delivery.AcknowledgedReceiver;
import io.msgtrans.reactive.delivery.AcknowledgedSender;
import io.msgtrans.reactive.delivery.Delivery;
import io.msgtrans.reactive.delivery.DeliveryOptions;
import io.msgtrans.reactive.delivery.DeliveryOptions.WhenFull;
import io.msgtrans.reactive.delivery.DeliveryStats;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Delivery with acknowledgement over connections that are lost. */
@ExtendWith(LeakCheck.class)
class DeliveryTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String HELLO = "0100010000000001000b000000000000" + "6d73677472616e732f7831";
    private static final ReconnectOptions RECONNECT = ReconnectOptions.DEFAULTS
            .minBackoff(Duration.ofMillis(5))
            .maxBackoff(Duration.ofMillis(50))
            .attempts(10_000);

    private final List<String> taken = Collections.synchronizedList(new ArrayList<>());
    private final List<Delivery.Gap> gaps = Collections.synchronizedList(new ArrayList<>());
    private AcknowledgedReceiver receiver = AcknowledgedReceiver.create();
    private BoundServer server;
    private ReconnectingSession connection;
    private AcknowledgedSender sender;

    @BeforeEach
    void start() {
        serve(0, this::takeAll);
    }

    private void serve(int port, Function<Session, Publisher<Void>> handler) {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:" + port)
                .handle(handler)
                .bindNow();
    }

    private Mono<Void> takeAll(Session session) {
        return receiver.receive(session).concatMap(this::take).then();
    }

    private Mono<Void> take(Delivery delivery) {
        if (delivery instanceof Delivery.Gap gap) {
            gaps.add(gap);
            return Mono.empty();
        }
        Delivery.Item item = (Delivery.Item) delivery;
        if (item.packet().payloadText().equals("bad")) {
            return item.reject(400, "bad indeed");
        }
        taken.add(item.packet().payloadText());
        return item.acknowledge().onErrorComplete();
    }

    private AcknowledgedSender connect(int port, DeliveryOptions options) {
        connection = ReconnectingSession.of(
                TransportClient.create("tcp://127.0.0.1:" + port).endpoint(o -> o.extensions(Extensions.ON)),
                RECONNECT);
        sender = AcknowledgedSender.of(connection, options);
        return sender;
    }

    @AfterEach
    void end() {
        sender.dispose();
        connection.dispose();
        TransportContract.stop(server);
    }

    private static List<String> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    private Mono<Void> sendAll(int count) {
        return Flux.range(0, count)
                .flatMapSequential(i -> sender.send(Packet.oneWay(Integer.toString(i))), 1000)
                .then();
    }

    @Test
    void packetsAreAcknowledgedInOrder() {
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
        sendAll(5_000).block(LIMIT);
        assertThat(taken).isEqualTo(numbers(5_000));
        assertThat(sender.stats()).isEqualTo(new DeliveryStats(5_000, 5_000, 0, 0, 0, 0));
        assertThat(receiver.duplicates()).isZero();
    }

    @Test
    void noneIsMissedAlthoughConnectionsAreCutAllTheTime() {
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
        AtomicInteger cuts = new AtomicInteger();
        Disposable cutting = Flux.interval(Duration.ofMillis(20)).subscribe(tick -> {
            cuts.addAndGet(server.sessionCount());
            server.sessions().forEach(Session::dispose);
        });
        sendAll(30_000).block(LIMIT);
        cutting.dispose();
        // What the application still had when a connection ended may come twice: each is known by its number.
        assertThat(taken.stream().distinct()).hasSize(30_000);
        assertThat(taken).containsAll(numbers(30_000));
        assertThat(gaps).isEmpty();
        assertThat(cuts.get()).isGreaterThan(2);
        assertThat(sender.stats().resent()).isPositive();
    }

    @Test
    void whatTheApplicationHadNotTakenWhenItsSessionEndedComesAgain() {
        Sinks.Empty<Void> second = Sinks.empty();
        AtomicInteger sessions = new AtomicInteger();
        TransportContract.stop(server);
        serve(
                0,
                session -> sessions.incrementAndGet() == 1
                        ? receiver.receive(session)
                                .doOnNext(delivery -> second.tryEmitEmpty())
                                .then() // takes nothing
                        : takeAll(session));
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
        Mono<Void> sent = sendAll(100).cache();
        sent.subscribe();
        second.asMono().block(LIMIT);
        server.sessions().forEach(Session::dispose);
        sent.block(LIMIT);
        assertThat(taken).isEqualTo(numbers(100));
    }

    @Test
    void aServerThatWasRestartedAndForgotEverythingMissesNothing() {
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
        Mono<Void> sent = sendAll(20_000).cache();
        sent.subscribe();
        TransportContract.until("some are taken", () -> taken.size() > 1_000);
        int port = server.uri().getPort();
        TransportContract.stop(server);
        receiver = AcknowledgedReceiver.create();
        serve(port, this::takeAll);
        sent.block(LIMIT);
        assertThat(taken).containsAll(numbers(20_000));
        assertThat(taken.stream().distinct()).hasSize(20_000);
        assertThat(gaps).isEmpty();
    }

    @Test
    void whatIsGivenUpForNewerPacketsIsAGapAtTheReceiver() {
        TransportContract.stop(server);
        connect(
                server.uri().getPort(),
                DeliveryOptions.DEFAULTS.window(10, 1 << 20).whenFull(WhenFull.DROP_OLDEST));
        List<Throwable> errors = Collections.synchronizedList(new ArrayList<>());
        for (String number : numbers(25)) {
            sender.send(Packet.oneWay(number)).subscribe(nothing -> {}, errors::add);
        }
        assertThat(errors)
                .hasSize(15)
                .allSatisfy(error -> assertThat(error)
                        .hasMessage(
                                "packets that wait for acknowledgement, of which this was the oldest: 11 is above the limit 10"
                                        + " (option window)"));
        serve(server.uri().getPort(), this::takeAll);
        sender.flush(LIMIT).block(LIMIT);
        assertThat(taken).isEqualTo(numbers(25).subList(15, 25));
        assertThat(gaps).as("an unknown producer begins where it begins").isEmpty();
        TransportContract.stop(server);
        for (String number : numbers(12)) {
            sender.send(Packet.oneWay("later " + number)).subscribe(nothing -> {}, errors::add);
        }
        serve(server.uri().getPort(), this::takeAll);
        sender.flush(LIMIT).block(LIMIT);
        assertThat(gaps).hasSize(1);
        assertThat(gaps.get(0).from()).isEqualTo(26);
        assertThat(gaps.get(0).to()).isEqualTo(27);
        DeliveryStats stats = sender.stats();
        assertThat(stats.accepted()).isEqualTo(stats.acknowledged() + stats.rejected() + stats.dropped());
    }

    @Test
    void aFullWindowRefusesAndARejectedPacketFails() {
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS.window(2, 1 << 20));
        TransportContract.stop(server);
        sender.send(Packet.oneWay("a")).subscribe(nothing -> {}, error -> {});
        sender.send(Packet.oneWay("b")).subscribe(nothing -> {}, error -> {});
        assertThatThrownBy(() -> sender.send(Packet.oneWay("c")).block(LIMIT))
                .isInstanceOf(LimitException.class)
                .hasMessage("packets that wait for acknowledgement: 3 is above the limit 2 (option window)");
        serve(server.uri().getPort(), this::takeAll);
        sender.flush(LIMIT).block(LIMIT);
        assertThatThrownBy(() -> sender.send(Packet.oneWay("bad")).block(LIMIT))
                .asInstanceOf(type(PeerException.class))
                .satisfies(no -> assertThat(no.code()).isEqualTo(400));
        sender.send(Packet.oneWay("good")).block(LIMIT);
        assertThat(taken).containsExactly("a", "b", "good");
        assertThatThrownBy(() -> sender.send(Packet.oneWay(new byte[2 << 20])).block(LIMIT))
                .isInstanceOf(LimitException.class);
    }

    @Test
    void theEndOfTheConnectionsFailsWhatWaits() {
        int port = server.uri().getPort();
        TransportContract.stop(server);
        connection = ReconnectingSession.of(TransportClient.create("tcp://127.0.0.1:" + port), RECONNECT.attempts(2));
        sender = AcknowledgedSender.of(connection, DeliveryOptions.DEFAULTS);
        assertThatThrownBy(() -> sender.send(Packet.oneWay("a")).block(LIMIT))
                .isInstanceOf(ConnectFailedException.class);
        connect(port, DeliveryOptions.DEFAULTS);
        Mono<Void> waiting = sender.send(Packet.oneWay("a")).cache();
        waiting.subscribe(nothing -> {}, error -> {});
        sender.dispose();
        assertThatThrownBy(() -> waiting.block(LIMIT)).isInstanceOf(ConnectionLostException.class);
        assertThatThrownBy(() -> sender.send(Packet.oneWay("b")).block(LIMIT))
                .isInstanceOf(ConnectionLostException.class);
    }

    @Test
    void aPeerWithoutOurExtensionsIsAnError() {
        connection = ReconnectingSession.of(
                TransportClient.create(server.uri().toString()).endpoint(o -> o.extensions(Extensions.OFF)), RECONNECT);
        sender = AcknowledgedSender.of(connection, DeliveryOptions.DEFAULTS);
        assertThatThrownBy(() -> sender.send(Packet.oneWay("a")).block(LIMIT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("option extensions");
    }

    @Test
    void theBytesOfTheWireFormat() throws IOException {
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            peer.sendHex(HELLO);
            peer.readHex(27);
            peer.sendHex(marked(3, 2, 1)); // an unknown producer: 1 is expected
            assertThat(peer.readHex(16)).startsWith("0100160000000003");
            peer.sendHex("");
            assertThat(peer.readHex(4)).isEqualTo("00000009");
            peer.readHex("expected packet 1".length());
            peer.sendHex(marked(4, 1, 1) + marked(5, 2, 1) + marked(6, 1, 1));
            assertThat(peer.readHex(48))
                    .isEqualTo("01000200000000040000000000000000" + "01000200000000050000000000000000"
                            + "01000200000000060000000000000000");
            peer.sendHex(marked(7, 9, 9));
            assertThat(peer.readHex(16)).isEqualTo("01000200000000070000000000000000");
        }
        assertThat(taken).containsExactly("x", "x", "x");
        assertThat(gaps).containsExactly(new Delivery.Gap(1, 3, 8));
        assertThat(receiver.duplicates()).isEqualTo(1);
    }

    @Test
    void whatWaitsForAnAnswerOnTheNextSessionIsSentThereAgainWhenItsFormerSessionEnds() throws IOException {
        Queue<Session> given = new ConcurrentLinkedQueue<>();
        TransportContract.stop(server);
        serve(
                0,
                session -> receiver.receive(session)
                        .doOnNext(delivery -> given.add(session))
                        .then());
        connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
        try (RawPeer before = RawPeer.connect(server.uri());
                RawPeer after = RawPeer.connect(server.uri())) {
            before.sendHex(HELLO + marked(3, 1, 1));
            TransportContract.until("it is given", () -> given.size() == 1);
            after.sendHex(HELLO + marked(4, 1, 1));
            TransportContract.until("it came again", () -> receiver.duplicates() == 1);
            given.element().dispose();
            after.readHex(27);
            assertThat(after.readHex(16)).startsWith("0100160000000004");
            after.readHex("its former session ended before it was acknowledged".length() + 4);
            after.sendHex(marked(5, 1, 1));
            TransportContract.until("it is given again", () -> given.size() == 2);
        }
    }

    private static String marked(int id, int sequence, int lowest) {
        return String.format(
                "01001800%08x001d000000010000" + "001b" + "030018" + "0000000000000001" + "%016x" + "%016x" + "78",
                id, sequence, lowest);
    }

    @Test
    void onlySoManyProducersAreRemembered() {
        receiver = AcknowledgedReceiver.create(2, LIMIT);
        for (int i = 0; i < 5; i++) {
            connect(server.uri().getPort(), DeliveryOptions.DEFAULTS);
            sender.send(Packet.oneWay("p" + i)).block(LIMIT);
            sender.dispose();
            connection.dispose();
        }
        assertThat(taken).hasSize(5);
        assertThatThrownBy(() -> AcknowledgedReceiver.create(0, LIMIT)).hasMessageContaining("maxProducers 0");
    }
}
