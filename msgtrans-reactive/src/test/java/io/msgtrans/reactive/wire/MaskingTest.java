package io.msgtrans.reactive.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskingTest {

    private static final int KEY = 0x1A2B3C4D;
    private static final int OFFSET = 14;

    /** The definition in RFC 6455 §5.3. */
    private static byte masked(byte original, int position) {
        return (byte) (original ^ (KEY >>> (24 - 8 * (position % 4))));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 13, 4095, 4096, 4097, 8192, 12_291})
    void eachByteIsMaskedAndNoneBeside(int length) {
        byte[] original = new byte[OFFSET + length + OFFSET];
        new SplittableRandom(length).nextBytes(original);
        ByteBuffer direct = ByteBuffer.allocateDirect(original.length).put(0, original);
        ByteBuffer heap =
                ByteBuffer.wrap(original.clone()); // as direct memory is masked where its address is not to be had

        Masking.apply(direct, OFFSET, length, KEY);
        Masking.apply(heap, OFFSET, length, KEY);

        byte[] expected = original.clone();
        for (int i = 0; i < length; i++) {
            expected[OFFSET + i] = masked(original[OFFSET + i], i);
        }
        assertThat(bytes(direct)).isEqualTo(expected);
        assertThat(bytes(heap)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 13, 4095, 4096, 4097, 8192, 12_291})
    void aMaskedCopyIsAsIfItWereMaskedAfterwards(int length) {
        byte[] original = new byte[OFFSET + length + OFFSET];
        new SplittableRandom(length).nextBytes(original);
        ByteBuffer buffer = ByteBuffer.allocateDirect(original.length).put(0, original);
        ByteBuffer inHeap = ByteBuffer.wrap(original.clone());

        Masking.copy(original, OFFSET, buffer, OFFSET, length, KEY);
        Masking.copy(original, OFFSET, inHeap, OFFSET, length, KEY);

        ByteBuffer masked = ByteBuffer.allocateDirect(original.length).put(0, original);
        Masking.apply(masked, OFFSET, length, KEY);
        assertThat(bytes(buffer)).isEqualTo(bytes(masked));
        assertThat(bytes(inHeap)).isEqualTo(bytes(masked));

        byte[] inMiddle = Arrays.copyOfRange(original, OFFSET, OFFSET + length);
        ByteBuf direct = Unpooled.directBuffer().writeBytes(masked);
        ByteBuf heap = Unpooled.copiedBuffer(direct);
        ByteBuf withoutAddress = new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, 16, Integer.MAX_VALUE);
        withoutAddress.writeBytes(direct, 0, direct.readableBytes());
        ByteBuf parts = Unpooled.wrappedBuffer(direct.copy(0, OFFSET + length / 2), direct.copy())
                .setBytes(OFFSET, direct, OFFSET, length);
        for (ByteBuf in : List.of(direct, heap, withoutAddress, parts)) {
            assertThat(Masking.copy(in, OFFSET, length, KEY)).isEqualTo(inMiddle);
            in.release();
        }
    }

    @Test
    void wordsAndWhatIsBehindThemAreMaskedAsOneWhateverTheLength() {
        byte[] original = new byte[3 + 200];
        new SplittableRandom(1).nextBytes(original);
        for (int length = 0; length <= 200; length++) {
            byte[] expected = new byte[OFFSET + 16 + length + OFFSET];
            ByteBuffer.wrap(expected).putLong(OFFSET, 0x0102030405060708L).putLong(OFFSET + 8, -2L);
            System.arraycopy(original, 3, expected, OFFSET + 16, length);
            for (int i = 0; i < 16 + length; i++) {
                expected[OFFSET + i] = masked(expected[OFFSET + i], i);
            }
            ByteBuffer direct = ByteBuffer.allocateDirect(expected.length);
            ByteBuffer heap = ByteBuffer.allocate(expected.length);
            for (ByteBuffer out : List.of(direct, heap)) {
                Masking.copy(0x0102030405060708L, -2L, original, 3, out, OFFSET, length, KEY);
                assertThat(bytes(out)).as("%d bytes, %s", length, out).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 128, 129})
    void fewBytesAreNeitherReadNorWrittenBeyondTheirEnds(int length) {
        byte[] bytes = new byte[200];
        ByteBuffer out = ByteBuffer.allocateDirect(200);

        assertThatThrownBy(() -> Masking.copy(0, 0, bytes, 0, out, 200 - 16 - length + 1, length, KEY))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Masking.copy(0, 0, bytes, 200 - length + 1, out, 0, length, KEY))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.capacity()];
        buffer.get(0, bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 13, 64, 127, 128, 1024})
    void aCopyOfAnyBufferIsItsBytes(int length) {
        byte[] original = new byte[OFFSET + length + OFFSET];
        new SplittableRandom(length).nextBytes(original);
        ByteBuf direct = Unpooled.directBuffer(original.length).writeBytes(original);
        ByteBuf heap = Unpooled.copiedBuffer(original);
        for (ByteBuf in : List.of(direct, heap)) {
            assertThat(DirectMemory.copy(in, OFFSET, length))
                    .isEqualTo(Arrays.copyOfRange(original, OFFSET, OFFSET + length));
            assertThatThrownBy(() -> DirectMemory.copy(in, in.capacity() - length + 1, length))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            in.release();
        }
    }
}
