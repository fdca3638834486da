package io.msgtrans.reactive.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.wire.Masking;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What this side writes, read by Netty's decoder, and the two ways in which frames are read. */
class WebSocketFramingTest {

    private static final int MAX_BYTES = 1 << 20;
    /** Of payloads: frames up to it have a length of seven bits, and of 16. */
    private static final int LIMIT_SHORT = 48;

    private static final int LIMIT_LONG = 400;

    @ParameterizedTest
    @CsvSource({
        "16, false", "125, false", "126, false", "65535, false", "65536, false", "200001, false",
        "16, true", "125, true", "126, true", "65535, true", "65536, true", "200001, true",
    })
    void framesOfEveryLengthFormAreReadByAnotherDecoder(int length, boolean client) {
        byte[] packet = new byte[length];
        new Random(length).nextBytes(packet);
        WebSocketFraming framing = new WebSocketFraming(client, SessionOptions.DEFAULTS, TextMessages.REJECT);
        int start = 3; // frames begin anywhere in a batch
        int prefix = framing.prefixLength(length);
        ByteBuffer out = ByteBuffer.allocateDirect(start + prefix + length);
        framing.writePrefix(out, start, length);
        out.put(start + prefix, packet);
        framing.finish(out, start, start + prefix, length);

        EmbeddedChannel decoder = new EmbeddedChannel(new WebSocket13FrameDecoder(client, false, MAX_BYTES));
        decoder.writeInbound(Unpooled.wrappedBuffer(out.position(start)));
        BinaryWebSocketFrame frame = decoder.readInbound();
        assertThat(ByteBufUtil.getBytes(frame.content())).isEqualTo(packet);
        frame.release();
        assertThat(decoder.finish()).isFalse();
    }

    /** The ways of the usual frame give what the way of all frames gives: packets, or the same refusal. */
    @ParameterizedTest
    @CsvSource({
        LIMIT_SHORT + ", false, false",
        LIMIT_SHORT + ", false, true",
        LIMIT_SHORT + ", true, false",
        LIMIT_SHORT + ", true, true",
        LIMIT_LONG + ", false, false",
        LIMIT_LONG + ", true, false",
        LIMIT_LONG + ", true, true"
    })
    void aFrameTakenAtOnceIsTheSameAsOneTakenInTwoSteps(int limit, boolean client, boolean lenient) {
        SessionOptions options = SessionOptions.DEFAULTS.maxPayload(limit).lenientFrames(lenient);
        Random random = new Random(client ? 1 : 2);
        Set<String> outcomes = new HashSet<>();
        AtomicInteger plain = new AtomicInteger();
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = frame(random, client, limit);
            int available = random.nextInt(8) == 0 ? random.nextInt(frame.length + 1) : frame.length;
            WebSocketFraming first = new WebSocketFraming(client, options, TextMessages.DELIVER);
            WebSocketFraming second = new WebSocketFraming(client, options, TextMessages.DELIVER);
            WebSocketFraming third = new WebSocketFraming(client, options, TextMessages.DELIVER);
            String atOnce = outcome(false, sink -> first.take(Unpooled.copiedBuffer(frame), 0, available, sink));
            String kept = outcome(true, sink -> third.take(Unpooled.copiedBuffer(frame), 0, available, sink));
            WebSocketFraming fourth = new WebSocketFraming(client, options, TextMessages.DELIVER);
            String plainly = outcome(random.nextBoolean(), sink -> {
                ByteBuf in = Unpooled.directBuffer().writeBytes(frame);
                try {
                    int taken = fourth.takePlain(in, 0, available, sink);
                    plain.addAndGet(taken > 0 ? 1 : 0);
                    return taken > 0 ? taken : fourth.take(in, 0, available, sink);
                } finally {
                    in.release();
                }
            });
            String inTwoSteps = outcome(false, sink -> {
                ByteBuf in = Unpooled.copiedBuffer(frame);
                int length = second.frameLength(in, 0, available);
                if (length > 0 && length <= available) {
                    second.frame(in, 0, length, sink);
                }
                return length;
            });
            assertThat(atOnce).as(ByteBufUtil.hexDump(frame)).isEqualTo(inTwoSteps);
            assertThat(kept).as(ByteBufUtil.hexDump(frame)).isEqualTo(inTwoSteps);
            assertThat(plainly).as(ByteBufUtil.hexDump(frame)).isEqualTo(inTwoSteps);
            outcomes.add(atOnce.replaceAll("-?[0-9]+", ""));
        }
        assertThat(outcomes).hasSizeGreaterThan(7);
        assertThat(plain).hasValueBetween(1_000, 19_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 109, 110, 1000, 4093, 5000, 70_000})
    void aMaskedPacketIsTheSameWhereverItIsMaskedAndUnmasked(int payloadLength) {
        byte[] payload = new byte[payloadLength];
        new Random(payloadLength).nextBytes(payload);
        Packet packet = Packet.oneWay(payload).withMessageId(7);
        int length = (int) packet.lengthBytes();
        WebSocketFraming client = new WebSocketFraming(true, SessionOptions.DEFAULTS, TextMessages.REJECT);
        int index = client.prefixLength(length);
        ByteBuffer frame = ByteBuffer.allocate(index + length);
        client.writePrefix(frame, 0, length);
        packet.writeTo(frame, index, 7);
        client.finish(frame, 0, index, length);
        ByteBuffer written = ByteBuffer.allocateDirect(index + length).put(0, frame, 0, index);
        packet.writeMaskedTo(written, index, 7, client.maskingKey());
        assertThat(written).isEqualTo(frame);

        WebSocketFraming server = new WebSocketFraming(false, SessionOptions.DEFAULTS, TextMessages.REJECT);
        String expected = outcome(true, sink -> {
            sink.packet(packet);
            return index + length;
        });
        for (boolean keeps : new boolean[] {true, false}) {
            assertThat(outcome(keeps, sink -> server.take(Unpooled.copiedBuffer(frame), 0, index + length, sink)))
                    .isEqualTo(expected);
            ByteBuf direct = Unpooled.directBuffer().writeBytes(frame.array());
            assertThat(outcome(keeps, sink -> server.take(direct, 0, index + length, sink)))
                    .isEqualTo(expected);
            direct.release();
        }
    }

    /** Mostly a packet in a binary message, with something wrong in it now and then. */
    private static byte[] frame(Random random, boolean client, int limit) {
        int payload = random.nextInt(limit + 4);
        int declared = random.nextInt(8) == 0 ? random.nextInt(200) : payload;
        ByteBuffer packet = ByteBuffer.allocate(Packet.HEADER_BYTES + payload + (random.nextInt(8) == 0 ? 3 : 0));
        packet.put((byte) (random.nextInt(16) == 0 ? 2 : 1))
                .put((byte) random.nextInt(random.nextInt(8) == 0 ? 5 : 1))
                .put((byte) random.nextInt(random.nextInt(8) == 0 ? 40 : 3))
                .put((byte) 7)
                .putInt(random.nextInt())
                .putShort((short) 0)
                .putInt(declared)
                .putShort((short) 0);
        boolean masked = random.nextInt(16) == 0 ? client : !client;
        int opcode = random.nextInt(8) == 0 ? random.nextInt(256) : 0x82;
        boolean longer = packet.capacity() > 125;
        ByteBuffer frame = ByteBuffer.allocate(2 + (longer ? 2 : 0) + (masked ? 4 : 0) + packet.capacity())
                .put((byte) opcode)
                .put((byte) ((masked ? 0x80 : 0) | (longer ? 126 : packet.capacity())));
        if (longer) {
            frame.putShort((short) packet.capacity());
        }
        int packetIndex = frame.capacity() - packet.capacity();
        int key = random.nextInt();
        if (masked) {
            frame.putInt(key);
        }
        frame.put(packet.array());
        if (masked) {
            Masking.apply(frame, packetIndex, packet.capacity(), key);
        }
        return frame.array();
    }

    private static String outcome(boolean keeps, ToIntFunction<FrameSink> taking) {
        StringBuilder seen = new StringBuilder();
        FrameSink sink = new FrameSink() {
            @Override
            public void packet(ByteBuf in, int index) {
                packet(Packet.read(in, index, in.getLong(index), in.getLong(index + 8), false));
            }

            @Override
            public boolean takesPlain(long head, long tail) {
                return PacketHeader.isPlain(head);
            }

            @Override
            public void maskedPacket(ByteBuf in, int index, long head, long tail, int key) {
                if (keeps) {
                    int body = index + Packet.HEADER_BYTES;
                    byte[] unmasked =
                            Masking.copy(in, body, (int) PacketHeader.length(tail) - Packet.HEADER_BYTES, key);
                    packet(Packet.view(unmasked, 0, head, tail));
                } else {
                    FrameSink.super.maskedPacket(in, index, head, tail, key);
                }
            }

            @Override
            public void packet(Packet packet) {
                seen.append("packet ")
                        .append(packet.headWord((int) packet.messageId()))
                        .append(' ')
                        .append(packet.tailWord())
                        .append(' ')
                        .append(Arrays.hashCode(packet.payload()));
            }

            @Override
            public void answer(ByteBuf frame) {
                seen.append("answer ").append(ByteBufUtil.hexDump(frame).length()); // a client masks it at random
                frame.release();
            }

            @Override
            public void peerCloses(CloseReason reason, ByteBuf answer) {
                seen.append("closes ").append(reason);
                answer.release();
            }

            @Override
            public void pong(long token) {
                seen.append("pong ").append(token);
            }

            @Override
            public void ignored() {
                seen.append("ignored");
            }
        };
        try {
            return taking.applyAsInt(sink) + " " + seen;
        } catch (ProtocolException refused) {
            return seen + refused.getMessage();
        }
    }
}
