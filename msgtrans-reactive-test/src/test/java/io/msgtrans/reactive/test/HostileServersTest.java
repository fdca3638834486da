package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PayloadException;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients make of servers that break rules: a typed error, and no more memory than their options say. */
@ExtendWith(LeakCheck.class)
class HostileServersTest {

    private static Session connect(RawServer server) {
        return TransportClient.create(server.uri().toString())
                .endpoint(options -> options.connectTimeout(Duration.ofSeconds(5)))
                .connectNow();
    }

    private static CloseReason.Kind endOf(Session session) {
        CloseReason reason = session.onClose().block(TransportContract.LIMIT);
        assertThat(reason).isNotNull();
        return reason.kind();
    }

    /** Reads a request with one byte of payload, and gives its id. */
    private static int request(RawPeer peer) throws IOException {
        int id = Integer.parseUnsignedInt(peer.readHex(Packet.HEADER_BYTES).substring(8, 16), 16);
        peer.readHex(1);
        return id;
    }

    private static byte[] responseTo(int id, byte[] payload) {
        return Packet.builder(PacketType.RESPONSE)
                .messageId(Integer.toUnsignedLong(id))
                .payload(payload)
                .build()
                .toBytes();
    }

    @Test
    void answersToNothingAreDroppedAndCounted() throws IOException {
        int count = 100_000;
        byte[] answer = Packet.builder(PacketType.RESPONSE)
                .messageId(77)
                .payload("?")
                .build()
                .toBytes();
        ByteArrayOutputStream flood = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            flood.writeBytes(answer);
        }
        try (RawServer server = RawServer.tcp(peer -> {
            peer.send(flood.toByteArray());
            peer.send(responseTo(request(peer), new byte[] {1}));
            peer.isClosedByPeer();
        })) {
            Session session = connect(server);
            assertThat(session.request(Packet.request("x"))
                            .block(TransportContract.LIMIT)
                            .payload())
                    .containsExactly(1);
            assertThat(session.stats().unmatchedResponses()).isEqualTo(count);
            session.dispose();
        }
    }

    @Test
    void anAnswerThatComesTwiceIsGivenOnce() throws IOException {
        try (RawServer server = RawServer.tcp(peer -> {
            byte[] answer = responseTo(request(peer), new byte[] {1});
            peer.send(answer);
            peer.send(answer);
            peer.isClosedByPeer();
        })) {
            Session session = connect(server);
            assertThat(session.request(Packet.request("x")).block(TransportContract.LIMIT))
                    .isNotNull();
            TransportContract.until("it is counted", () -> session.stats().unmatchedResponses() == 1);
            assertThat(session.isOpen()).isTrue();
            session.dispose();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000000000000010000000000000000", // version 0
                "0100ff00000000010000000000000000", // type 255
                "01030000000000010000000000000000", // compression 3
                "01000000000000010000ffffffff0000" // a payload of 4 GiB
            })
    void garbageEndsTheSession(String hex) throws IOException {
        try (RawServer server = RawServer.tcp(peer -> {
            peer.sendHex(hex.repeat(200));
            peer.isClosedByPeer();
        })) {
            Session session = connect(server);
            session.receive().onErrorComplete().subscribe();
            assertThat(endOf(session)).isEqualTo(CloseReason.Kind.PROTOCOL);
        }
    }

    @Test
    void anAnswerThatInflatesHugelyFailsItsRequestOnly() throws IOException {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(bomb)) {
            deflater.write(new byte[64 << 20]);
        }
        try (RawServer server = RawServer.tcp(peer -> {
            byte[] answer = responseTo(request(peer), bomb.toByteArray());
            answer[1] = 2; // zlib, it says
            peer.send(answer);
            peer.send(responseTo(request(peer), new byte[] {1}));
            peer.isClosedByPeer();
        })) {
            Session session = connect(server);
            assertThatThrownBy(() -> session.request(Packet.request("x")).block(TransportContract.LIMIT))
                    .isInstanceOf(PayloadException.class);
            assertThat(session.request(Packet.request("y"))
                            .block(TransportContract.LIMIT)
                            .payload())
                    .containsExactly(1);
            session.dispose();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK|Content-Length: 0||",
                "HTTP/1.1 101 Switching Protocols|Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Accept: AAAA||",
                "HTTP/1.1 101 Switching Protocols||",
                "SSH-2.0-OpenSSH_9.6|",
                "HTTP/1.1 302 Found|Location: ws://127.0.0.1:1/|Content-Length: 0||"
            })
    void whatIsNoUpgradeFailsToConnect(String answer) throws IOException {
        try (RawServer server = RawServer.tcp(peer -> {
            peer.readHead();
            peer.send(answer.replace("|", "\r\n").getBytes(StandardCharsets.US_ASCII));
            peer.isClosedByPeer();
        })) {
            assertThatThrownBy(() -> TransportClient.create(
                                    "ws://127.0.0.1:" + server.uri().getPort())
                            .endpoint(options -> options.connectTimeout(Duration.ofSeconds(5)))
                            .connectNow())
                    .isInstanceOf(ConnectFailedException.class);
        }
    }

    @Test
    void aServerThatNeverAnswersTheUpgradeIsGivenUp() throws IOException {
        try (RawServer server = RawServer.tcp(peer -> {
            peer.readHead();
            peer.isClosedByPeer();
        })) {
            assertThatThrownBy(() -> TransportClient.create(
                                    "ws://127.0.0.1:" + server.uri().getPort())
                            .endpoint(options -> options.connectTimeout(Duration.ofMillis(300)))
                            .connectNow())
                    .isInstanceOf(ConnectFailedException.class)
                    .hasMessageContaining("connectTimeout");
        }
    }

    @Test
    void aMaskedFrameOfAServerEndsTheSession() throws IOException {
        try (RawServer server = RawServer.webSocket(peer -> {
            peer.sendFrame(0x82, Packet.oneWay("x").toBytes());
            peer.isClosedByPeer();
        })) {
            Session session = connect(server);
            assertThatThrownBy(() -> session.receive().blockFirst(TransportContract.LIMIT))
                    .isInstanceOfAny(ProtocolException.class, ConnectionLostException.class);
            assertThat(endOf(session)).isEqualTo(CloseReason.Kind.PROTOCOL);
        }
    }

    @Test
    void fragmentsThatNeverEndAreBounded() throws IOException {
        byte[] piece = new byte[60_000];
        Arrays.fill(piece, (byte) 1);
        try (RawServer server = RawServer.webSocket(peer -> {
            peer.sendUnmasked(0x02, piece);
            for (int i = 0; i < 10_000; i++) {
                peer.sendUnmasked(0x00, piece);
            }
        })) {
            Session session = connect(server);
            session.receive().onErrorComplete().subscribe();
            assertThat(endOf(session)).isEqualTo(CloseReason.Kind.PROTOCOL);
        }
    }
}
