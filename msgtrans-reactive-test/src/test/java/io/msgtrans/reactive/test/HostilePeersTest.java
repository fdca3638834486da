package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.AuthenticationException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import io.netty.util.internal.PlatformDependent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * Peers that want harm: each meets a limit and is counted, memory stays bounded, and the server goes on serving others. {@code
 * docs/security.md} has the table.
 */
@ExtendWith(LeakCheck.class)
class HostilePeersTest {

    /** What a hostile peer may cost at most, beside the bounds of one session's queues (2 MiB). */
    private static final long MEMORY_BOUND = 64L << 20;

    private static final byte[] HELLO = Packet.builder(PacketType.REQUEST)
            .messageId(1)
            .extHeader("msgtrans/x1")
            .build()
            .toBytes();

    private static BoundServer serve(String uri, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create().listen(uri).handle(handler).bindNow();
    }

    private static BoundServer echo(String uri) {
        return serve(uri, session -> session.send(session.receive().map(packet -> packet.response(packet.payload()))));
    }

    /** Sends the same bytes until the peer closes or so many were sent, and never reads; gives what direct memory grew by at most. */
    private static long flood(RawPeer peer, byte[] bytes, long most, BooleanSupplier enough) throws IOException {
        byte[] block = new byte[Math.max(1, 65_536 / bytes.length) * bytes.length];
        for (int i = 0; i < block.length; i += bytes.length) {
            System.arraycopy(bytes, 0, block, i, bytes.length);
        }
        long before = PlatformDependent.usedDirectMemory();
        long highest = before;
        try {
            for (long sent = 0; sent < most && !enough.getAsBoolean(); sent += block.length) {
                peer.send(block);
                highest = Math.max(highest, PlatformDependent.usedDirectMemory());
            }
        } catch (SocketException closed) {
            assertThat(closed).hasMessageMatching(".*(reset|broken|closed).*");
        }
        return Math.max(highest, PlatformDependent.usedDirectMemory()) - before;
    }

    private static void assertServes(BoundServer server) {
        Session other = TransportClient.create(server.uri().toString()).connectNow();
        assertThat(other.request(Packet.request("still there?")).block(TransportContract.LIMIT))
                .isNotNull();
        other.close().block(TransportContract.LIMIT);
    }

    private static byte[] maskedFrame(int first, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first);
        out.write(0x80 | payload.length);
        out.writeBytes(new byte[4]); // a mask of zeros
        out.writeBytes(payload);
        return out.toByteArray();
    }

    /** Agreed on our extensions by hand. */
    private static RawPeer extended(BoundServer server) throws IOException {
        RawPeer peer = RawPeer.connect(server.uri());
        peer.send(HELLO);
        peer.readHex(HELLO.length);
        return peer;
    }

    /** What makes the server answer, sent without reading, is stopped; others are served. */
    private static void assertStopped(BoundServer server, RawPeer peer, byte[] causesAnAnswer) throws IOException {
        BooleanSupplier stopped = () -> server.stats().protocolErrors() == 1;
        long grown = flood(peer, causesAnAnswer, 512L << 20, stopped);
        TransportContract.until("it is closed", stopped);
        peer.close();
        assertThat(grown).isLessThan(MEMORY_BOUND);
        assertServes(server);
        TransportContract.stop(server);
    }

    @Test
    void pingsWhosePongsAreNotRead() throws IOException {
        BoundServer server = echo("ws://127.0.0.1:0");
        assertStopped(server, RawPeer.upgrade(server.uri(), "/"), maskedFrame(0x89, new byte[125]));
    }

    @Test
    void requestsThatFailAndWhoseErrorsAreNotRead() throws IOException {
        Router router =
                Router.create().onRequest(Route.bizType(0), Codec.TEXT, Codec.TEXT, (session, text) -> Mono.just(text));
        BoundServer server = serve("tcp://127.0.0.1:0", router::handle);
        byte[] noHandler = Packet.builder(PacketType.REQUEST)
                .bizType(99)
                .messageId(7)
                .build()
                .toBytes();
        assertStopped(server, extended(server), noHandler);
    }

    @Test
    void streamsBeyondTheLimitWhoseRefusalsAreNotRead() throws IOException {
        BoundServer server = echo("tcp://127.0.0.1:0");
        byte[] open = Packet.builder(PacketType.ONE_WAY)
                .messageId(3)
                .payload(new byte[4])
                .build()
                .toBytes();
        open[2] = 16; // a request for a stream, which this server does not serve
        assertStopped(server, extended(server), open);
    }

    @Test
    void signsOfLifeWhoseAnswersAreNotRead() throws IOException {
        BoundServer server = echo("tcp://127.0.0.1:0");
        try (RawPeer peer = extended(server)) {
            byte[] ping = Packet.oneWay(new byte[12]).toBytes();
            ping[2] = 25; // PING of the wire extensions
            // They are answered while the socket has room, and no more: there is nothing to close it for.
            // Kept answers would be as many bytes, less what two socket buffers hold.
            assertThat(flood(peer, ping, 32L << 20, () -> false)).isLessThan(8L << 20);
        }
        assertServes(server);
        TransportContract.stop(server);
    }

    @Test
    void requestsWhoseAnswersAreNotRead() throws IOException {
        BoundServer server = echo("tcp://127.0.0.1:0");
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            byte[] request = Packet.builder(PacketType.REQUEST)
                    .messageId(9)
                    .payload(new byte[1000])
                    .build()
                    .toBytes();
            Thread flooding = new Thread(
                    () -> {
                        try {
                            flood(peer, request, Long.MAX_VALUE, () -> false);
                        } catch (IOException ended) {
                            // by the close below
                        }
                    },
                    "flood");
            flooding.start();
            TransportContract.until(
                    "it is not read any more",
                    () -> server.stats().traffic().full() == 1
                            || server.stats().traffic().stalled() == 1);
            assertThat(PlatformDependent.usedDirectMemory()).isLessThan(256L << 20);
            assertServes(server);
        }
        TransportContract.stop(server);
    }

    @Test
    void responsesThatNobodyAskedFor() throws IOException {
        BoundServer server = echo("tcp://127.0.0.1:0");
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            byte[] response = Packet.builder(PacketType.RESPONSE)
                    .messageId(5)
                    .payload(new byte[100])
                    .build()
                    .toBytes();
            long grown = flood(peer, response, 32L << 20, () -> false);
            long sent = (32L << 20) / response.length;
            TransportContract.until(
                    "they are counted", () -> server.stats().traffic().unmatchedResponses() > sent / 2);
            assertThat(grown).isLessThan(MEMORY_BOUND);
        }
        assertServes(server);
        TransportContract.stop(server);
    }

    @Test
    void aFrameThatComesByteByByteCostsWhatHasCome() throws IOException {
        BoundServer server = echo("tcp://127.0.0.1:0");
        byte[] frame = Packet.oneWay(new byte[1 << 20]).toBytes();
        long before = PlatformDependent.usedDirectMemory();
        List<RawPeer> peers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            RawPeer peer = RawPeer.connect(server.uri());
            peers.add(peer);
            peer.send(Arrays.copyOf(frame, 16));
            for (int b = 16; b < 40; b++) {
                peer.send(new byte[] {frame[b]});
            }
        }
        TransportContract.until("all are sessions", () -> server.sessionCount() == 100);
        assertThat(PlatformDependent.usedDirectMemory() - before).isLessThan(MEMORY_BOUND);
        assertServes(server);
        for (RawPeer peer : peers) {
            peer.close();
        }
        TransportContract.stop(server);
    }

    @Test
    void aSilentPeerIsClosedWhenThatIsAskedFor() throws IOException {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.idleTimeout(Duration.ofMillis(100)))
                .handle(TransportContract::echo)
                .bindNow();
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        TransportContract.stop(server);
    }

    @Test
    void requestsWithTheSameIdAreEachAnswered() throws IOException {
        BoundServer server = echo("tcp://127.0.0.1:0");
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            for (String payload : List.of("a", "b", "c")) {
                peer.send(Packet.builder(PacketType.REQUEST)
                        .messageId(4)
                        .payload(payload)
                        .build()
                        .toBytes());
            }
            String answers = peer.readHex(3 * 17);
            assertThat(answers.substring(32, 34) + answers.substring(66, 68) + answers.substring(100, 102))
                    .isEqualTo("616263");
        }
        TransportContract.stop(server);
    }

    private static Session upgrade(BoundServer server, String origin) throws IOException {
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            String answer = peer.http(
                    "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + server.uri().getPort()
                            + "\r\nOrigin: " + origin + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            if (!answer.startsWith("HTTP/1.1 101 ")) {
                throw new AuthenticationException(answer.lines().findFirst().orElse(""), null);
            }
            return TransportClient.create(server.uri().toString()).connectNow();
        }
    }

    @Test
    void pagesOfOtherSitesDoNotGetAnUpgrade() throws IOException {
        BoundServer server = echo("ws://127.0.0.1:0");
        upgrade(server, "http://127.0.0.1:8080").dispose();
        assertThatThrownBy(() -> upgrade(server, "https://evil.example")).hasMessageContaining("403");
        assertThatThrownBy(() -> upgrade(server, "null")).hasMessageContaining("403");
        TransportContract.until("they are counted", () -> server.stats().refused() == 2);
        TransportContract.stop(server);
        BoundServer open = TransportServer.create()
                .listen("ws://127.0.0.1:0", HostilePeersTest::oneOrigin)
                .handle(TransportContract::echo)
                .bindNow();
        upgrade(open, "https://shop.example").dispose();
        assertThatThrownBy(() -> upgrade(open, "https://evil.example")).hasMessageContaining("403");
        TransportContract.stop(open);
    }

    private static EndpointOptions oneOrigin(EndpointOptions options) {
        return options.with(WebSocketOptions.ORIGINS, "https://shop.example, https://www.shop.example");
    }

    @Test
    void aHandlerThatThrowsEndsItsOwnSessionOnly() throws IOException {
        BoundServer server = serve(
                "tcp://127.0.0.1:0",
                session -> session.send(session.receive().map(packet -> {
                    if (packet.payloadText().equals("throw")) {
                        throw new IllegalStateException("thrown in onNext");
                    }
                    return packet.response("fine");
                })));
        Session bad = TransportClient.create(server.uri().toString()).connectNow();
        bad.send(Packet.oneWay("throw")).block(TransportContract.LIMIT);
        assertThat(bad.onClose().block(TransportContract.LIMIT)).isNotNull();
        assertThat(server.stats().handlersFailed()).isEqualTo(1);
        assertServes(server);
        TransportContract.stop(server);
    }
}
