package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ServerEvent;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.websocket.TextMessages;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class WebSocketOptionsTest {

    private static final int TEXT = 0x81;
    private static final int BINARY = 0x82;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;

    private static BoundServer serve(UnaryOperator<EndpointOptions> endpoint, UnaryOperator<SessionOptions> session) {
        return TransportServer.create()
                .listen("ws://127.0.0.1:0", endpoint)
                .session(session)
                .handle(TransportContract::echo)
                .bindNow();
    }

    private static byte[] body(byte[] frame) {
        return Arrays.copyOfRange(frame, 1, frame.length);
    }

    private static int closeCode(RawPeer peer) throws IOException {
        byte[] frame = peer.readFrame();
        assertThat(frame[0] & 0xFF).isEqualTo(CLOSE);
        return ((frame[1] & 0xFF) << 8) | (frame[2] & 0xFF);
    }

    @Test
    void onlyThePathIsUpgradedWhenOneIsNamed() throws IOException {
        BoundServer server = serve(o -> o.with(WebSocketOptions.PATH, "/here"), o -> o);
        RawPeer.upgrade(server.uri(), "/here").close();
        assertThatThrownBy(() -> RawPeer.upgrade(server.uri(), "/there")).hasMessageContaining("404");
        TransportContract.stop(server);
    }

    @Test
    void aRequestThatIsNoUpgradeIsAnswered426() throws IOException {
        BoundServer server = serve(o -> o, o -> o);
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            assertThat(peer.http("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).startsWith("HTTP/1.1 426");
        }
        TransportContract.stop(server);
    }

    @Test
    void textIsIgnoredAndCountedByDefault() throws IOException {
        BoundServer server = serve(o -> o, o -> o);
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            peer.sendFrame(TEXT, "hello".getBytes(StandardCharsets.UTF_8));
            byte[] packet = Packet.oneWay("x").withMessageId(1).toBytes();
            peer.sendFrame(BINARY, packet);
            assertThat(body(peer.readFrame())).isEqualTo(packet);
            assertThat(server.stats().traffic().ignoredFrames()).isEqualTo(1);
        }
        TransportContract.stop(server);
    }

    @Test
    void textMayBeRejected() throws IOException {
        BoundServer server = serve(o -> o.with(WebSocketOptions.TEXT_MESSAGES, TextMessages.REJECT), o -> o);
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            peer.sendFrame(TEXT, new byte[] {'a'});
            assertThat(closeCode(peer)).isEqualTo(1003);
        }
        TransportContract.stop(server);
    }

    @Test
    void textMayBeDelivered() throws IOException {
        BoundServer server = serve(o -> o.with(WebSocketOptions.TEXT_MESSAGES, TextMessages.DELIVER), o -> o);
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            peer.sendFrame(TEXT, new byte[] {'a'});
            assertThat(body(peer.readFrame()))
                    .isEqualTo(Packet.oneWay("a").withMessageId(0).toBytes());
        }
        TransportContract.stop(server);
    }

    @Test
    void pingsAreSentWhenAskedFor() throws IOException {
        BoundServer server = serve(o -> o, o -> o.heartbeat(HeartbeatOptions.OFF.interval(Duration.ofMillis(50))));
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            assertThat(peer.readFrame()[0] & 0xFF).isEqualTo(PING);
        }
        TransportContract.stop(server);
    }

    @Test
    void aConnectionWithoutUpgradeIsClosedAfterTheHandshakeTimeout() throws IOException {
        BoundServer server = serve(o -> o.handshakeTimeout(Duration.ofMillis(100)), o -> o);
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        TransportContract.until("it is counted", () -> server.stats().handshakesFailed() == 1);
        TransportContract.stop(server);
    }

    @Test
    void bytesBehindThePacketCloseUnlessTheyAreIgnored() throws IOException {
        byte[] packet = Packet.oneWay("x").withMessageId(1).toBytes();
        byte[] more = Arrays.copyOf(packet, packet.length + 3);
        BoundServer strict = serve(o -> o, o -> o);
        try (RawPeer peer = RawPeer.upgrade(strict.uri(), "/")) {
            peer.sendFrame(BINARY, more);
            assertThat(closeCode(peer)).isEqualTo(1002);
        }
        TransportContract.stop(strict);
        BoundServer lenient = serve(o -> o, o -> o.ignoreTrailingBytes(true));
        try (RawPeer peer = RawPeer.upgrade(lenient.uri(), "/")) {
            peer.sendFrame(BINARY, more);
            assertThat(body(peer.readFrame())).isEqualTo(packet);
        }
        TransportContract.stop(lenient);
    }

    @Test
    void aMessageThatIsNoPacketMayBeDeliveredRaw() throws IOException {
        BoundServer server = serve(o -> o, o -> o.lenientFrames(true));
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            peer.sendFrame(BINARY, new byte[] {99, 1});
            assertThat(body(peer.readFrame()))
                    .isEqualTo(
                            Packet.oneWay(new byte[] {99, 1}).withMessageId(0).toBytes());
        }
        TransportContract.stop(server);
    }

    @Test
    void drainSaysGoingAway() throws IOException {
        BoundServer server = serve(o -> o, o -> o);
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            TransportContract.until("it is open", () -> server.sessionCount() == 1);
            server.drain(Duration.ofSeconds(5)).subscribe();
            assertThat(closeCode(peer)).isEqualTo(1001);
        }
        server.onDispose().block(TransportContract.LIMIT);
    }

    @Test
    void aSessionThatOpensWhileADrainBeginsIsToldSo() throws IOException {
        BoundServer server = serve(o -> o, o -> o);
        server.events()
                .filter(event -> event.kind() == ServerEvent.Kind.OPENED)
                .subscribe(opened -> server.drain(Duration.ofSeconds(5)).subscribe());
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            assertThat(closeCode(peer)).isEqualTo(1001);
        }
        server.onDispose().block(TransportContract.LIMIT);
    }

    @Test
    void aCloseOfThePeerIsAnsweredWithItsCode() throws IOException {
        BoundServer server = serve(o -> o, o -> o);
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            peer.sendFrame(CLOSE, new byte[] {(byte) (4001 >> 8), (byte) 4001});
            assertThat(closeCode(peer)).isEqualTo(4001);
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        TransportContract.stop(server);
    }
}
