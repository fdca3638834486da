package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The bytes of docs/wire-extensions.md, from and to a plain socket. */
@ExtendWith(LeakCheck.class)
class WireExtensionsTest {

    private static final String HELLO = "0100010000000001000b000000000000" + "6d73677472616e732f7831";
    private static final String HELLO_ANSWER = "0100020000000001000b000000000000" + "6d73677472616e732f7831";
    private static final String OPEN = "01001007000000010004000000020020" + "00000100" + "676f";
    private static final String CREDIT = "01001200000000010000000000040000" + "000000c0";
    private static final String COMPLETE = "01001300000000010000000000000000";
    private static final String CANCEL = "01001500000000010000000000000000";

    private BoundServer server;
    private RawPeer peer;

    @BeforeEach
    void open() throws IOException {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(o -> o.contextKeys("tenant").streams(new StreamHandler() {
                    @Override
                    public Publisher<Packet> requestStream(Session session, Packet request) {
                        return request.bizType() == 7
                                ? Flux.just(Packet.oneWay("a"), Packet.oneWay("b"))
                                : Flux.error(new PeerException(1, "no"));
                    }

                    @Override
                    public Publisher<Packet> channel(Session session, Flux<Packet> items) {
                        return items;
                    }
                }))
                .handle(session -> session.receive().flatMap(request -> answer(session, request)))
                .bindNow();
        peer = RawPeer.connect(server.uri());
    }

    private static Mono<Void> answer(Session session, Packet request) {
        return switch (request.payloadText()) {
            case "fail" -> session.replyError(request, 256, "x");
            case "with" ->
                session.reply(
                        request,
                        request.metadata().values().get("tenant") + " " + request.extHeaderText() + " "
                                + (request.metadata().deadline() != null));
            case "wait" -> session.cancelled(request).then(session.send(Packet.oneWay("up")));
            default -> session.reply(request, request.payload());
        };
    }

    @AfterEach
    void end() throws IOException {
        peer.close();
        TransportContract.stop(server);
    }

    private void agree() throws IOException {
        peer.sendHex(HELLO);
        assertThat(peer.readHex(27)).isEqualTo(HELLO_ANSWER);
    }

    private static String item(String letter) {
        return "01001100000000010000000000010000" + HexFormat.of().formatHex(letter.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aRequestedStream() throws IOException {
        agree();
        peer.sendHex(OPEN);
        assertThat(peer.readHex(17 + 17 + 16)).isEqualTo(item("a") + item("b") + COMPLETE);
    }

    @Test
    void creditIsWaitedFor() throws IOException {
        agree();
        peer.sendHex("01001007000000010004000000020020" + "00000001" + "676f");
        assertThat(peer.readHex(17)).isEqualTo(item("a"));
        peer.sendHex(CREDIT);
        assertThat(peer.readHex(17 + 16)).isEqualTo(item("b") + COMPLETE);
    }

    @Test
    void aChannelGetsCreditForWhatItsReceiverDemands() throws IOException {
        agree();
        peer.sendHex("01001000000000010004000000010030" + "00000100" + "61"); // the first item is a
        String answer = peer.readHex(20 + 17);
        assertThat(answer).contains(item("a")).contains("01001200000000010000000000040000" + "0000000f"); // and 15 more
        peer.sendHex("01001100000000010000000000010010" + "62"); // the last one is b
        assertThat(peer.readHex(17 + 16)).isEqualTo(item("b") + COMPLETE);
    }

    @Test
    void anErrorOfAStreamAndOfARequest() throws IOException {
        agree();
        peer.sendHex("01001000000000010004000000020020" + "00000100" + "676f");
        assertThat(peer.readHex(22)).isEqualTo("01001400000000010000000000060000" + "00000001" + "6e6f");
        peer.sendHex("01000100000000090000000000040000" + "6661696c");
        assertThat(peer.readHex(21)).isEqualTo("01001600000000090000000000050000" + "00000100" + "78");
    }

    @Test
    void aRequestWithMetadataAndOneThatIsGivenUp() throws IOException {
        agree();
        peer.sendHex("0100180700000009001a000000040000" + "0015" + "010004" + "000003e8" + "02000b" + "06"
                + "74656e616e74" + "61636d65" + "6f776e" + "77697468");
        assertThat(peer.readHex(16 + 13)).isEqualTo("010002070000000900000000000d0000" + "61636d65206f776e2074727565");
        peer.sendHex("010001000000000a0000000000040000" + "77616974" + "010017000000000a0000000000000000");
        assertThat(peer.readHex(16 + 2)).endsWith("7570");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "01001807000000090001000000000000" + "00", // no length
                "01001807000000090002000000000000" + "0001", // longer than the extension header
                "01001807000000090004000000000000" + "00020100", // an entry without its length
                "01001807000000090006000000000000" + "000401000401", // an entry that ends too early
                "01001807000000090006000000000000" + "000402000105", // a key that is longer than its entry
            })
    void brokenMetadataEndsTheConnection(String request) throws IOException {
        agree();
        peer.sendHex(request);
        TransportContract.until("the session has ended", () -> server.stats().protocolErrors() == 1);
    }

    @Test
    void cancelAndWhatComesBehindIt() throws IOException {
        agree();
        peer.sendHex("01001007000000010004000000020020" + "00000000" + "676f" + CANCEL + CREDIT);
        peer.sendHex("01000100000000090000000000010000" + "3f");
        assertThat(peer.readHex(17)).isEqualTo("01000200000000090000000000010000" + "3f");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "01001100000000010000000000010000" + "61", // an item of a stream that was never opened
                "01001200000000050000000000040000" + "00000001", // credit for one
                "01001000000000020004000000020020" + "00000100" + "676f", // OPEN with an id of the server
                "01001007000000010000000000020020" + "676f", // OPEN without credit
                "01000300000000010000000000000000", // a type that v1 lacks and x1 does not have
                "01002000000000010000000000000000",
            })
    void whatBreaksTheRulesEndsTheConnection(String frames) throws IOException {
        agree();
        peer.sendHex(frames);
        TransportContract.until(
                "the session has ended", () -> server.stats().protocolErrors() == 1 && server.sessionCount() == 0);
    }

    @Test
    void itemsBeyondTheCreditEndTheConnection() throws IOException {
        agree();
        peer.sendHex("01001007000000010004000000020030" + "00000100" + "676f"
                + item("a").repeat(300));
        TransportContract.until("the session has ended", () -> server.stats().protocolErrors() == 1);
    }

    @Test
    void withoutAgreementAFrameBreaksTheProtocol() throws IOException {
        peer.sendHex(OPEN);
        assertThat(peer.isClosedByPeer()).isTrue();
    }

    @Test
    void aReservedTypeIsIgnored() throws IOException {
        agree();
        peer.sendHex("01001f00000000010000000000000000" + OPEN);
        assertThat(peer.readHex(17 + 17 + 16)).isEqualTo(item("a") + item("b") + COMPLETE);
    }

    // ---- who says hello ----

    @Test
    void aPlainPeerMeetsNothingUnknownUnlessTheClientSaysOn() throws IOException {
        try (ServerSocket plain = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            String uri = "tcp://127.0.0.1:" + plain.getLocalPort();
            for (Extensions quiet : new Extensions[] {Extensions.OFF, Extensions.AUTO}) {
                Session session = TransportClient.create(uri)
                        .endpoint(o -> o.extensions(quiet))
                        .connectNow();
                try (Socket accepted = plain.accept()) {
                    session.send(Packet.builder(PacketType.ONE_WAY).messageId(1).build())
                            .block(TransportContract.LIMIT);
                    session.close().subscribe();
                    assertThat(HexFormat.of()
                                    .formatHex(accepted.getInputStream().readAllBytes()))
                            .isEqualTo("01000000000000010000000000000000");
                }
            }
            Mono<Session> on = TransportClient.create(uri)
                    .endpoint(o -> o.extensions(Extensions.ON).connectTimeout(Duration.ofSeconds(20)))
                    .connect()
                    .cache();
            on.onErrorComplete().subscribe();
            try (Socket accepted = plain.accept()) {
                assertThat(HexFormat.of().formatHex(accepted.getInputStream().readNBytes(27)))
                        .isEqualTo(HELLO);
                accepted.getOutputStream().write(HexFormat.of().parseHex("01000200000000010000000000000000"));
                assertThatThrownBy(() -> on.block(TransportContract.LIMIT))
                        .isInstanceOf(ConnectFailedException.class)
                        .hasMessageContaining("extensions");
            }
        }
    }

    @Test
    void aSignOfLifeThatIsAskedForTellsTheLoad() throws IOException {
        agree();
        peer.sendHex("010019000000000000000000000c0000" + "0000000000000007" + "000003e8");
        String pong = peer.readHex(16 + 15);
        assertThat(pong).startsWith("01001a000000000000000000000f0000" + "0000000000000007");
        assertThat(pong).endsWith("00000001" + "00"); // one session, not draining
        assertThat(Integer.parseInt(pong.substring(48, 52), 16)).matches(cpu -> cpu <= 1000 || cpu == 0xFFFF);
        peer.sendHex("01001900000000000000000000030000" + "000000");
        assertThat(peer.isClosedByPeer()).isTrue();
        TransportContract.until("it is counted", () -> server.stats().protocolErrors() == 1);
    }

    @Test
    void whyAConnectionIsClosedIsToldBothWays() throws IOException {
        agree();
        server.drain(TransportContract.LIMIT).subscribe();
        assertThat(peer.readHex(16 + 19))
                .isEqualTo("01001b00000000000000000000130000" + "000003e9" + "7365727665722073687574646f776e");
        assertThat(peer.isClosedByPeer()).isTrue();
        peer.close();
        server.onDispose().block(TransportContract.LIMIT);

        BoundServer other = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session ->
                        session.receive().next().then(Mono.defer(() -> session.close(CloseReason.of(4002, "enough")))))
                .bindNow();
        Session session = TransportClient.create(other.uri().toString())
                .endpoint(o -> o.extensions(Extensions.ON))
                .connectNow();
        session.offer(Packet.oneWay("x"));
        assertThat(session.onClose().block(TransportContract.LIMIT))
                .isEqualTo(new CloseReason(CloseReason.Kind.PEER, 4002, "enough"));
        TransportContract.stop(other);
    }

    @Test
    void aConnectionWhoseHelloIsNotAnsweredIsClosed() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Mono<Session> connect = TransportClient.create("tcp://127.0.0.1:" + silent.getLocalPort())
                    .endpoint(o -> o.extensions(Extensions.ON).connectTimeout(Duration.ofMillis(300)))
                    .connect()
                    .cache();
            connect.subscribe(session -> {}, error -> {});
            try (Socket accepted = silent.accept()) {
                accepted.setSoTimeout(20_000);
                assertThat(accepted.getInputStream().readAllBytes()).hasSize(27);
                assertThatThrownBy(() -> connect.block(TransportContract.LIMIT))
                        .isInstanceOf(ConnectFailedException.class);
            }
        }
    }

    @Test
    void aServerThatIsOffShowsHelloToItsHandlerAsAnyRequest() throws IOException {
        BoundServer off = TransportServer.create()
                .listen("tcp://127.0.0.1:0", o -> o.extensions(Extensions.OFF))
                .handle(TransportContract::echo)
                .bindNow();
        try (RawPeer plain = RawPeer.connect(off.uri())) {
            plain.sendHex(HELLO + OPEN);
            assertThat(plain.readHex(27)).isEqualTo(HELLO_ANSWER); // echoed
            assertThat(plain.isClosedByPeer()).isTrue();
        }
        TransportContract.stop(off);
    }
}
