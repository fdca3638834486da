package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PayloadException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.SessionOptions.PayloadErrors;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.resources.LoopResources;
import reactor.test.StepVerifier;

/** Each option, by a case that fails when the option does nothing. */
@ExtendWith(LeakCheck.class)
class SessionOptionsTest {

    /** A compressed packet whose payload is plain text. */
    private static final String MISLABELLED = "0101000000000005000000000005000068656c6c6f";

    private static BoundServer serve(
            UnaryOperator<SessionOptions> options, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options)
                .handle(handler)
                .bindNow();
    }

    private static Session connect(BoundServer server, UnaryOperator<SessionOptions> options) {
        return TransportClient.create(server.uri().toString()).session(options).connectNow();
    }

    private static Packet zeros(int length) {
        return Packet.builder(PacketType.REQUEST)
                .compression(Compression.ZLIB)
                .payload(new byte[length])
                .build();
    }

    @Test
    void requestTimeoutBoundsTheWaitForAnAnswer() {
        BoundServer server = serve(o -> o, session -> session.receive().then());
        Session session = connect(server, o -> o.requestTimeout(Duration.ofMillis(50)));
        StepVerifier.create(session.request(Packet.request("?")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(RequestTimeoutException.class)
                        .hasMessageContaining("PT0.05S")
                        .hasMessageContaining("requestTimeout"))
                .verify(TransportContract.LIMIT);
        TransportContract.stop(server);
    }

    @Test
    void maxInflatedBoundsWhatAPayloadBecomes() {
        BoundServer server = serve(
                o -> o,
                session -> session.receive()
                        .flatMap(p -> session.send(
                                zeros(2000).withType(PacketType.RESPONSE).withMessageId(p.messageId())))
                        .then());
        Session tight = connect(server, o -> o.maxInflated(1999));
        StepVerifier.create(tight.request(Packet.request("?")))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOf(PayloadException.class)
                        .hasMessageContaining("1999")
                        .hasMessageContaining("maxInflated"))
                .verify(TransportContract.LIMIT);
        assertThat(tight.stats().payloadErrors()).isEqualTo(1);
        Session wide = connect(server, o -> o.maxInflated(2000));
        assertThat(wide.request(Packet.request("?"))
                        .block(TransportContract.LIMIT)
                        .payloadLength())
                .isEqualTo(2000);
        TransportContract.stop(server);
    }

    @Test
    void maxInflateRatioStopsBombsBelowTheSizeLimit() {
        Packet bomb = zeros(4 << 20); // about 1000 to 1
        for (int ratio : new int[] {100, 2000}) {
            BoundServer server = serve(
                    o -> o.maxInflateRatio(ratio),
                    session -> session.receive()
                            .flatMap(p -> session.reply(p, "" + p.payloadLength()))
                            .then());
            Session session = connect(server, o -> o.requestTimeout(Duration.ofMillis(ratio == 100 ? 300 : 20_000)));
            if (ratio == 100) {
                StepVerifier.create(session.request(bomb))
                        .expectError(RequestTimeoutException.class)
                        .verify(TransportContract.LIMIT);
                assertThat(server.stats().traffic().payloadErrors()).isEqualTo(1);
            } else {
                assertThat(session.request(bomb).block(TransportContract.LIMIT).payloadText())
                        .isEqualTo("" + (4 << 20));
            }
            TransportContract.stop(server);
        }
    }

    @Test
    void payloadErrorsMayCloseTheConnectionOrDeliverRaw() throws IOException {
        BoundServer closing = serve(o -> o.payloadErrors(PayloadErrors.CLOSE), TransportContract::echo);
        try (RawPeer peer = RawPeer.connect(closing.uri())) {
            peer.sendHex(MISLABELLED);
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        TransportContract.stop(closing);
        BoundServer raw = serve(o -> o.payloadErrors(PayloadErrors.DELIVER_RAW), TransportContract::echo);
        try (RawPeer peer = RawPeer.connect(raw.uri())) {
            peer.sendHex(MISLABELLED);
            assertThat(peer.readHex(21)).isEqualTo(MISLABELLED);
        }
        TransportContract.stop(raw);
    }

    @Test
    void fragmentedPacketsMayBeRejected() throws IOException {
        String fragmented = "01000000000000020000000000000001";
        BoundServer lenient = serve(o -> o, TransportContract::echo);
        try (RawPeer peer = RawPeer.connect(lenient.uri())) {
            peer.sendHex(fragmented);
            assertThat(peer.readHex(16)).isEqualTo(fragmented);
        }
        TransportContract.stop(lenient);
        BoundServer strict = serve(o -> o.rejectFragmented(true), TransportContract::echo);
        try (RawPeer peer = RawPeer.connect(strict.uri())) {
            peer.sendHex(fragmented);
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        TransportContract.stop(strict);
    }

    @Test
    void unmatchedResponsesAreShownToTheHook() throws IOException {
        AtomicReference<Packet> seen = new AtomicReference<>();
        BoundServer server =
                serve(o -> o.onUnmatchedResponse((session, packet) -> seen.set(packet)), TransportContract::echo);
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            peer.sendHex("0100020a000000640000000000040000706f6e67");
            TransportContract.until("the hook is called", () -> seen.get() != null);
        }
        assertThat(seen.get().payloadText()).isEqualTo("pong");
        TransportContract.stop(server);
    }

    @Test
    void inboundBoundsDecideHowMuchIsTakenWithoutDemand() {
        for (int packets : new int[] {4, 64}) {
            Sinks.One<Session> opened = Sinks.one();
            BoundServer server = serve(o -> o.inboundPackets(packets), session -> {
                opened.tryEmitValue(session);
                return Mono.never(); // nobody subscribes to receive()
            });
            Session session = connect(server, o -> o);
            for (int i = 0; i < 200; i++) {
                assertThat(session.offer(Packet.oneWay("x"))).isEqualTo(OfferResult.ACCEPTED);
            }
            Session peer = opened.asMono().block(TransportContract.LIMIT);
            TransportContract.until("the bound is reached", () -> peer.stats().packetsReceived() >= packets);
            TransportContract.settled("no more is taken", () -> peer.stats().packetsReceived());
            assertThat(peer.stats().packetsReceived()).isEqualTo(packets);
            TransportContract.stop(server);
        }
    }

    @Test
    void inboundBytesBoundToo() {
        Sinks.One<Session> opened = Sinks.one();
        BoundServer server = serve(o -> o.inboundBytes(10_000), session -> {
            opened.tryEmitValue(session);
            return Mono.never();
        });
        Session session = connect(server, o -> o);
        for (int i = 0; i < 200; i++) {
            assertThat(session.offer(Packet.oneWay(new byte[984]))).isEqualTo(OfferResult.ACCEPTED);
        }
        Session peer = opened.asMono().block(TransportContract.LIMIT);
        TransportContract.until("the bound is reached", () -> peer.stats().packetsReceived() >= 10);
        TransportContract.settled("no more is taken", () -> peer.stats().packetsReceived());
        assertThat(peer.stats().packetsReceived()).isBetween(10L, 12L);
        TransportContract.stop(server);
    }

    @Test
    void outboundPacketsBoundWhatWaitsForTheSocket() {
        BoundServer server = serve(o -> o, session -> Mono.never());
        assertThat(fill(connect(server, o -> o.outboundPackets(10)))).isEqualTo(10);
        assertThat(fill(connect(server, o -> o.outboundPackets(1000)))).isEqualTo(1000);
        TransportContract.stop(server);
    }

    /** Writes until the socket takes no more, then offers until it is full; how many packets were accepted. */
    private static int fill(Session session) {
        Packet large = Packet.oneWay(new byte[16 * 1024]);
        session.send(Flux.<Packet>generate(sink -> sink.next(large))).subscribe(nothing -> {}, error -> {});
        TransportContract.settled("the socket is full", () -> session.stats().packetsSent());
        int accepted = 0;
        while (session.offer(Packet.oneWay(new byte[64])) == OfferResult.ACCEPTED) {
            accepted++;
        }
        return accepted;
    }

    @Test
    void aRequestAboveTheOutboundBoundSaysSo() {
        BoundServer server = serve(o -> o, session -> Mono.never());
        Session session = connect(server, o -> o.outboundPackets(10).outboundBytes(4096));
        fill(session);
        StepVerifier.create(session.request(Packet.request(new byte[64])))
                .expectErrorSatisfies(error ->
                        assertThat(error).isInstanceOf(LimitException.class).hasMessageContaining("outbound"))
                .verify(TransportContract.LIMIT);
        TransportContract.stop(server);
    }

    @Test
    void closeTimeoutCutsAPeerThatNeverCloses() throws IOException {
        BoundServer server = serve(o -> o.closeTimeout(Duration.ofMillis(100)), session -> Mono.never());
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            TransportContract.until("it is open", () -> server.sessionCount() == 1);
            Session session = server.sessions().iterator().next();
            session.close(CloseReason.of(4000, "enough")).block(TransportContract.LIMIT);
            assertThat(session.closeReason()).isNotNull();
            assertThat(session.closeReason().code()).isEqualTo(4000);
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        TransportContract.stop(server);
    }

    @Test
    void connectTimeoutBoundsAHandshakeThatNeverEnds() throws IOException {
        try (ServerSocket silent = new ServerSocket(0)) {
            assertThatThrownBy(() -> TransportClient.create("ws://127.0.0.1:" + silent.getLocalPort())
                            .endpoint(o -> o.connectTimeout(Duration.ofMillis(200)))
                            .connectNow())
                    .isInstanceOf(ConnectFailedException.class)
                    .hasMessageContaining("connectTimeout");
        }
    }

    @Test
    void sessionsPerAddressAreBounded() {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .maxSessionsPerAddress(1)
                .handle(TransportContract::echo)
                .bindNow();
        Session one = connect(server, o -> o);
        assertThat(one.request(Packet.request("?")).block(TransportContract.LIMIT))
                .isNotNull();
        Session two = connect(server, o -> o);
        assertThat(two.onClose().block(TransportContract.LIMIT)).isNotNull();
        assertThat(server.stats().refused()).isEqualTo(1);
        TransportContract.stop(server);
    }

    @Test
    void serversAndClientsRunOnTheLoopsTheyAreGiven() {
        LoopResources loops = LoopResources.create("mine", 1, true);
        Sinks.One<String> serverThread = Sinks.one();
        BoundServer server = TransportServer.create()
                .runOn(loops)
                .listen("tcp://127.0.0.1:0")
                .handle(session -> {
                    serverThread.tryEmitValue(Thread.currentThread().getName());
                    return TransportContract.echo(session);
                })
                .bindNow();
        Session session =
                TransportClient.create(server.uri().toString()).runOn(loops).connectNow();
        String clientThread = session.request(Packet.request("?"))
                .map(answer -> Thread.currentThread().getName())
                .block(TransportContract.LIMIT);
        assertThat(serverThread.asMono().block(TransportContract.LIMIT)).startsWith("mine");
        assertThat(clientThread).startsWith("mine");
        TransportContract.stop(server);
        loops.disposeLater().block(TransportContract.LIMIT);
    }

    @Test
    void severalListenersShareOneHandler() {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("ws://127.0.0.1:0")
                .listen("mem://several")
                .handle(TransportContract::echo)
                .bindNow();
        assertThat(server.uris()).hasSize(3).allMatch(uri -> uri.getPort() != 0);
        Flux.fromIterable(server.uris())
                .concatMap(uri -> TransportClient.create(uri.toString()).connect())
                .concatMap(session ->
                        session.request(Packet.request(session.scheme())).map(Packet::payloadText))
                .as(StepVerifier::create)
                .expectNext("tcp", "ws", "mem")
                .expectComplete()
                .verify(TransportContract.LIMIT);
        TransportContract.stop(server);
    }
}
