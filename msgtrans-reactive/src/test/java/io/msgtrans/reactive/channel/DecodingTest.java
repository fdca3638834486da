package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.tcp.PlainFraming;
import io.msgtrans.reactive.websocket.TextMessages;
import io.msgtrans.reactive.websocket.WebSocketFraming;
import io.msgtrans.reactive.wire.Vectors;
import io.msgtrans.reactive.wire.Vectors.Accepted;
import io.msgtrans.reactive.wire.Vectors.Refused;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecodingTest {

    private static final String TWO_PACKETS =
            "010001000000000100000000000500006669727374010001000000000200000000000600007365636f6e64";

    private static Decoding tcp(boolean borrowed) {
        return new Decoding(new PlainFraming(SessionOptions.DEFAULTS), SessionOptions.DEFAULTS, borrowed);
    }

    private static Decoding webSocket(boolean client) {
        return webSocket(client, false);
    }

    private static Decoding webSocket(boolean client, boolean borrowed) {
        return new Decoding(
                new WebSocketFraming(client, SessionOptions.DEFAULTS, TextMessages.IGNORE),
                SessionOptions.DEFAULTS,
                borrowed);
    }

    @ParameterizedTest
    @FieldSource("io.msgtrans.reactive.wire.Vectors#ACCEPTED")
    void vectorsAreReadFieldByFieldAndWrittenByteForByte(Accepted vector) {
        if (vector.type() == 2) {
            return; // a response nobody asked for is not delivered; see unaskedResponsesAreCounted
        }
        for (boolean borrowed : new boolean[] {false, true}) {
            Decoding decoding = tcp(borrowed);
            decoding.read(vector.bytes());
            assertThat(decoding.packets).hasSize(1);
            Packet packet = decoding.packets.get(0);
            assertThat(packet.type().code()).isEqualTo(vector.type());
            assertThat(packet.bizType()).isEqualTo(vector.biz());
            assertThat(packet.messageId()).isEqualTo(vector.id());
            assertThat(packet.extHeaderText()).isEqualTo(vector.ext());
            assertThat(packet.payloadText()).isEqualTo(vector.payload());
            assertThat(packet.flags()).isEqualTo(vector.flags());
            assertThat(HexFormat.of().formatHex(packet.toBytes())).isEqualTo(vector.hex());
            decoding.close();
        }
    }

    @ParameterizedTest
    @FieldSource("io.msgtrans.reactive.wire.Vectors#COMPRESSED")
    void compressedVectorsAreInflated(Accepted vector) {
        Decoding decoding = tcp(false);
        decoding.read(vector.bytes());
        assertThat(decoding.packets).singleElement().satisfies(packet -> {
            assertThat(packet.payloadText()).isEqualTo(vector.payload());
            assertThat(packet.extHeaderText()).isEqualTo(vector.ext());
            assertThat(packet.messageId()).isEqualTo(vector.id());
        });
        decoding.close();
    }

    @ParameterizedTest
    @FieldSource("io.msgtrans.reactive.wire.Vectors#REFUSED")
    void refusedVectorsCloseTheConnectionAndSayWhy(Refused vector) {
        Decoding decoding = tcp(false);
        decoding.read(vector.bytes());
        assertThat(decoding.packets).isEmpty();
        assertThat(decoding.error).isInstanceOf(ProtocolException.class).hasMessageContaining(vector.message());
        assertThat(decoding.channel.isActive()).isFalse();
        decoding.close();
    }

    @Test
    void aPayloadThatIsNotWhatItSaysIsDroppedAndCountedAndTheConnectionStays() {
        Decoding decoding = tcp(false);
        decoding.read(HexFormat.of().parseHex("0101000000000005000000000005000068656c6c6f"));
        assertThat(decoding.packets).isEmpty();
        assertThat(decoding.handler.session().stats().payloadErrors()).isEqualTo(1);
        decoding.read(Vectors.ACCEPTED.get(1).bytes());
        assertThat(decoding.packets).hasSize(1);
        decoding.close();
    }

    @Test
    void unaskedResponsesAreCounted() {
        Decoding decoding = tcp(false);
        decoding.read(HexFormat.of().parseHex("0100020a000000640000000000040000706f6e67"));
        assertThat(decoding.packets).isEmpty();
        assertThat(decoding.handler.session().stats().unmatchedResponses()).isEqualTo(1);
        decoding.close();
    }

    @Test
    void everySplitPointOfTwoPacketsGivesBoth() {
        byte[] bytes = HexFormat.of().parseHex(TWO_PACKETS);
        for (boolean borrowed : new boolean[] {false, true}) {
            for (int split = 0; split <= bytes.length; split++) {
                Decoding decoding = tcp(borrowed);
                decoding.read(bytes, 0, split);
                decoding.read(bytes, split, bytes.length);
                assertThat(decoding.packets)
                        .as("split at %d", split)
                        .extracting(Packet::payloadText)
                        .containsExactly("first", "second");
                decoding.close();
            }
        }
    }

    @Test
    void oneByteAtATimeGivesBoth() {
        byte[] bytes = HexFormat.of().parseHex(TWO_PACKETS);
        Decoding decoding = tcp(false);
        for (int i = 0; i < bytes.length; i++) {
            decoding.read(bytes, i, i + 1);
        }
        assertThat(decoding.packets).extracting(Packet::payloadText).containsExactly("first", "second");
        decoding.close();
    }

    @Test
    void aPacketThatIsKeptHoldsNothingElseOfItsRead() {
        byte[] bytes = HexFormat.of().parseHex(TWO_PACKETS.repeat(1_000));
        Decoding decoding = tcp(false);
        decoding.read(bytes);
        assertThat(decoding.packets)
                .hasSize(2_000)
                .allSatisfy(packet -> assertThat(packet.compact()).isSameAs(packet));
        decoding.close();
        assertThat(decoding.holdsReads()).isFalse();
    }

    @Test
    void theNextSubscriberMayKeepWhatCameInTheSameReadAsBorrowedPackets() {
        SessionHandler handler =
                Decoding.handler(new PlainFraming(SessionOptions.DEFAULTS), SessionOptions.DEFAULTS, false);
        EmbeddedChannel channel = new EmbeddedChannel(handler);
        Session session = handler.session();
        List<Packet> packets = new ArrayList<>();
        session.receiveBorrowed()
                .take(1)
                .map(Packet::compact)
                .concatWith(session.receive())
                .subscribe(packets::add);
        channel.runPendingTasks();
        ByteBuf read = Unpooled.directBuffer().writeBytes(HexFormat.of().parseHex(TWO_PACKETS));
        channel.writeInbound(read);
        assertThat(read.refCnt()).isZero();
        assertThat(packets).extracting(Packet::isBorrowed).containsExactly(false, false);
        assertThat(packets).extracting(Packet::payloadText).containsExactly("first", "second");
        channel.finishAndReleaseAll();
    }

    @Test
    void aPayloadThatIsForwardedIsWrittenFromWhereItWasRead() {
        SessionHandler handler =
                Decoding.handler(new PlainFraming(SessionOptions.DEFAULTS), SessionOptions.DEFAULTS, false);
        EmbeddedChannel channel = new EmbeddedChannel(handler);
        Session session = handler.session();
        session.send(session.receive()).subscribe();
        channel.runPendingTasks();
        byte[] payload = new byte[20_000];
        new Random(1).nextBytes(payload);
        byte[] bytes = Packet.oneWay(payload).toBytes();
        ByteBuf read = Unpooled.directBuffer().writeBytes(bytes);
        channel.writeInbound(read);
        assertThat(read.refCnt()).as("the written payload is a part of it").isEqualTo(1);
        ByteBuf written = Unpooled.buffer();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            written.writeBytes(next);
            next.release();
        }
        assertThat(ByteBufUtil.getBytes(written)).isEqualTo(bytes);
        assertThat(read.refCnt()).isZero();
        channel.finishAndReleaseAll();
    }

    @Test
    void aLargePacketOverManyReadsArrivesWhole() {
        byte[] payload = new byte[300_000];
        new Random(1).nextBytes(payload);
        byte[] bytes = Packet.oneWay(payload).toBytes();
        for (boolean borrowed : new boolean[] {false, true}) {
            Decoding decoding = tcp(borrowed);
            for (int from = 0; from < bytes.length; from += 37_000) {
                decoding.read(bytes, from, Math.min(bytes.length, from + 37_000));
            }
            assertThat(decoding.packets)
                    .singleElement()
                    .satisfies(p -> assertThat(p.payload()).isEqualTo(payload));
            decoding.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void everyValueOfAnEnumByteIsAcceptedOrRefused(int offset) {
        for (int value = 0; value < 256; value++) {
            byte[] bytes = HexFormat.of().parseHex("01000000000000010000000000000000");
            bytes[offset] = (byte) value;
            Decoding decoding = tcp(false);
            decoding.read(bytes);
            boolean valid = offset == 0 ? value == 1 : value <= 2;
            assertThat(decoding.channel.isActive()).as("value %d", value).isEqualTo(valid);
            decoding.close();
        }
    }

    @Test
    void sizesUpToTheLimitAreAcceptedAndOneMoreIsRefused() {
        SessionOptions options = SessionOptions.DEFAULTS.maxPayload(1000);
        Decoding decoding = new Decoding(new PlainFraming(options), options, false);
        decoding.read(Packet.oneWay(new byte[1000]).toBytes());
        assertThat(decoding.packets).hasSize(1);
        decoding.read(Packet.oneWay(new byte[1001]).toBytes());
        assertThat(decoding.error)
                .hasMessageContaining("1001")
                .hasMessageContaining("1000")
                .hasMessageContaining("maxPayload");
        decoding.close();
    }

    @Test
    void randomBytesNeverDoMoreThanCloseTheConnection() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            if (bytes.length > 3) {
                bytes[0] = 1;
                bytes[1] = (byte) random.nextInt(3);
                bytes[2] = (byte) random.nextInt(3);
            }
            Decoding decoding = round % 2 == 0 ? tcp(round % 4 == 0) : webSocket(round % 4 == 1);
            decoding.read(bytes);
            assertThat(decoding.error)
                    .as("seed %d, round %d", seed, round)
                    .satisfiesAnyOf(
                            error -> assertThat(error).isNull(),
                            error -> assertThat(error).isInstanceOf(ProtocolException.class));
            decoding.close();
        }
    }

    @Test
    void webSocketVectorsOfBothDirections() {
        String packet = "0100010a00000064000000000004000070696e67";
        Decoding client = webSocket(true);
        client.read(HexFormat.of().parseHex("8214" + packet));
        Decoding server = webSocket(false);
        server.read(HexFormat.of().parseHex("8294010203040002020e010203600102030401060304716b6d63"));
        for (Decoding decoding : new Decoding[] {client, server}) {
            assertThat(decoding.packets)
                    .singleElement()
                    .satisfies(p ->
                            assertThat(HexFormat.of().formatHex(p.toBytes())).isEqualTo(packet));
            decoding.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void aFragmentedMessageWithAPingBetweenIsOnePacketAndOnePong(boolean borrowed, boolean inOneRead) {
        Decoding decoding = webSocket(true, borrowed);
        byte[] packet = Packet.oneWay("fragmented").toBytes();
        byte[][] frames = {
            frame(0x02, Arrays.copyOf(packet, 7)),
            frame(0x89, new byte[] {42}),
            frame(0x80, Arrays.copyOfRange(packet, 7, packet.length)),
            frame(0x82, Packet.oneWay("whole").toBytes())
        };
        if (inOneRead) {
            decoding.read(ByteBufUtil.getBytes(Unpooled.wrappedBuffer(frames)));
        } else {
            for (byte[] frame : frames) {
                decoding.read(frame);
            }
        }
        assertThat(decoding.packets).extracting(Packet::payloadText).containsExactly("fragmented", "whole");
        ByteBuf pong = decoding.channel.readOutbound();
        assertThat(pong.getUnsignedByte(0)).isEqualTo((short) 0x8A);
        pong.release();
        decoding.close();
        assertThat(decoding.holdsReads()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"c200", "8300", "8b00", "0900", "897e0080", "8000", "88010a", "880203ee", "82ff8000000000000000"
            })
    void framesThatBreakARuleCloseTheConnection(String hex) {
        Decoding decoding = webSocket(true);
        decoding.read(HexFormat.of().parseHex(hex));
        assertThat(decoding.error).isInstanceOf(ProtocolException.class);
        decoding.close();
    }

    private static byte[] frame(int first, byte[] payload) {
        return ByteBuffer.allocate(2 + payload.length)
                .put((byte) first)
                .put((byte) payload.length)
                .put(payload)
                .array();
    }
}
