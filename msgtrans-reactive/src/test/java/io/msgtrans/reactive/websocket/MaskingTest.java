package io.msgtrans.reactive.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
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
        ByteBuffer buffer = ByteBuffer.allocateDirect(original.length).put(0, original);

        Masking.apply(buffer, OFFSET, length, KEY);

        byte[] expected = original.clone();
        for (int i = 0; i < length; i++) {
            expected[OFFSET + i] = masked(original[OFFSET + i], i);
        }
        byte[] actual = new byte[original.length];
        buffer.get(0, actual);
        assertThat(actual).isEqualTo(expected);
    }
}
