package io.msgtrans.reactive.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Metadata;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {

    private static final int BEFORE = 5; // packets begin anywhere in a read
    private static final int MOST_BYTES = 128;

    @BeforeEach
    void wordsAreUsedHere() {
        ByteBuf direct = Unpooled.directBuffer(64);
        boolean used = Words.holding(direct, 0, 1) > 0;
        direct.release();
        assumeThat(used).as("direct memory can be read by its address").isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 4", "32, 4", "33, 8", "64, 8", "65, 16", "128, 16", "129, 0", "-1, 0", "-2147483632, 0"})
    void holdWhatFitsIntoThem(int length, int words) {
        ByteBuf bytes = Unpooled.directBuffer(BEFORE + MOST_BYTES);
        assertThat(Words.holding(bytes, BEFORE, length)).isEqualTo(words);
        bytes.release();
    }

    @Test
    void areNotReadBehindTheEndNorInHeapMemory() {
        ByteBuf bytes = Unpooled.directBuffer(BEFORE + 63);
        assertThat(Words.holding(bytes, BEFORE, 63)).isZero();
        assertThat(Words.holding(bytes, BEFORE - 1, 63)).isEqualTo(8);
        bytes.release();
        assertThat(Words.holding(Unpooled.buffer(256), 0, 64)).isZero();
    }

    /** Whatever is asked of a packet in words has the answer of the same packet in bytes. */
    @ParameterizedTest
    @ValueSource(ints = {0, 0x1A2B3C4D})
    void aPacketIsTheSameWhereverItsBytesLie(int key) {
        Random random = new Random(key);
        for (int length = 1; length <= MOST_BYTES; length++) {
            byte[] body = new byte[length];
            random.nextBytes(body);
            int extLength = random.nextInt(length + 1);
            Packet inBytes = Packet.builder(PacketType.ONE_WAY)
                    .messageId(random.nextInt(1000))
                    .extHeader(Arrays.copyOf(body, extLength))
                    .payload(Arrays.copyOfRange(body, extLength, length))
                    .build();
            Packet inWords = inWords(inBytes, body, key);
            assertSame(inWords, inBytes);
            assertSame(inWords.compact(), inBytes);
            assertSame(inWords.retain(), inBytes);
            byte[] ext = {1, 2, 3};
            assertSame(inWords.withExtHeader(ext), inBytes.withExtHeader(ext));
            Metadata metadata = new Metadata(null, Map.of("key", "value"), null);
            assertSame(inWords.withMetadata(metadata), inBytes.withMetadata(metadata));
            assertSame(inWords.withMetadata(metadata).compact(), inBytes);
            assertSame(inWords.withMessageId(9), inBytes.withMessageId(9));
            assertSame(
                    inWords.withPayload(new byte[3], Compression.NONE),
                    inBytes.withPayload(new byte[3], Compression.NONE));
        }
    }

    private static Packet inWords(Packet packet, byte[] body, int key) {
        ByteBuf read =
                Unpooled.directBuffer(BEFORE + MOST_BYTES).writeZero(BEFORE).writeBytes(body);
        read.writeBytes(new byte[] {-1, -1, -1}); // what follows is no part of it
        Masking.apply(read, BEFORE, body.length, key);
        int words = Words.holding(read, BEFORE, body.length);
        long[] copy = words == 4
                ? Words.four(read, BEFORE, key)
                : words == 8 ? Words.eight(read, BEFORE, key) : Words.sixteen(read, BEFORE, key);
        assertThat(copy).hasSize(words);
        read.setZero(0, read.capacity()).release();
        return Packet.view(copy, packet.headWord((int) packet.messageId()), packet.tailWord());
    }

    private static void assertSame(Packet packet, Packet expected) {
        assertThat(packet).isEqualTo(expected).hasSameHashCodeAs(expected).hasToString(expected.toString());
        assertThat(packet.toBytes()).isEqualTo(expected.toBytes());
        assertThat(packet.payload()).isEqualTo(expected.payload());
        assertThat(packet.payloadText()).isEqualTo(expected.payloadText());
        assertThat(packet.payloadBuffer()).isEqualTo(expected.payloadBuffer());
        assertThat(packet.payloadBuffer().isReadOnly()).isTrue();
        assertThat(packet.extHeader()).isEqualTo(expected.extHeader());
        assertThat(packet.extHeaderText()).isEqualTo(expected.extHeaderText());
        assertThat(packet.isOwned()).isFalse();
        assertThat(packet.isBorrowed()).isFalse();
        assertThat(packet.retainedPayload()).isNull();
        int length = packet.payloadLength();
        byte[] single = new byte[length];
        for (int i = 0; i < length; i++) {
            single[i] = packet.payloadByte(i);
        }
        assertThat(single).isEqualTo(expected.payload());
        assertThatThrownBy(() -> packet.payloadByte(length)).isInstanceOf(IndexOutOfBoundsException.class);
        int from = length / 3;
        for (ByteBuffer out : new ByteBuffer[] {ByteBuffer.allocate(400), ByteBuffer.allocateDirect(400)}) {
            packet.writePayloadTo(out, BEFORE, from, length - from);
            assertThatThrownBy(() -> packet.writePayloadTo(out, BEFORE, from, length - from + 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            byte[] part = new byte[length - from];
            out.get(BEFORE, part);
            assertThat(part).isEqualTo(Arrays.copyOfRange(expected.payload(), from, length));
            ByteBuffer same = ByteBuffer.allocate(400).put(0, copyOf(out));
            packet.writeMaskedTo(out, BEFORE, 7, 0x01020304);
            expected.writeMaskedTo(same, BEFORE, 7, 0x01020304);
            assertThat(copyOf(out)).isEqualTo(copyOf(same));
            packet.writeHeadersTo(out, BEFORE, 8);
            expected.writeHeadersTo(same, BEFORE, 8);
            assertThat(copyOf(out)).isEqualTo(copyOf(same));
        }
    }

    private static byte[] copyOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.get(0, bytes);
        return bytes;
    }
}
