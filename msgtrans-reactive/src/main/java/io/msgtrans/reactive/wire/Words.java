package io.msgtrans.reactive.wire;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.PlatformDependent;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Few bytes as an array of 4, 8 or 16 little-endian words, and what lies behind them up to its end.
 *
 * <p>The JVM's compiler leaves out an array that nobody keeps, and the copy into it with it, if it knows the array's length (escape
 * analysis). So a packet that its subscriber only looks at costs no memory, and one that is kept is copied, without the code knowing
 * which it is. It must then be made in one place for each length, and be complete before the object that it is put into is begun. The
 * words are taken one by one: what a loop fills is not left out.
 */
public final class Words {

    private static final VarHandle IN_ARRAY =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int FEW = 4;
    private static final int SOME = 8;
    private static final int MANY = 16;

    private Words() {}

    /**
     * How many words hold so many bytes and can be read where these lie: 4, 8, 16, or 0 when they are none or too many, when the
     * buffer ends too soon behind them, or when it cannot be read by words.
     */
    public static int holding(ByteBuf bytes, int index, int length) {
        int words = length <= SOME * Long.BYTES ? length <= FEW * Long.BYTES ? FEW : SOME : MANY;
        return DirectMemory.LITTLE_ENDIAN
                        && length > 0
                        && length <= MANY * Long.BYTES
                        && DirectMemory.isReachable(bytes)
                        && index <= bytes.capacity() - words * Long.BYTES
                ? words
                : 0;
    }

    /** 4 words from an index on, unmasked with a key (RFC 6455 §5.3), which may be 0; only if that many {@linkplain #holding are there}. */
    public static long[] four(ByteBuf bytes, int index, int key) {
        long from = bytes.memoryAddress() + index;
        long wide = wide(key);
        long[] words = new long[FEW];
        words[0] = PlatformDependent.getLong(from) ^ wide;
        words[1] = PlatformDependent.getLong(from + 8) ^ wide;
        words[2] = PlatformDependent.getLong(from + 16) ^ wide;
        words[3] = PlatformDependent.getLong(from + 24) ^ wide;
        return words;
    }

    /** The same of 8 words. */
    public static long[] eight(ByteBuf bytes, int index, int key) {
        long from = bytes.memoryAddress() + index;
        long wide = wide(key);
        long[] words = new long[SOME];
        words[0] = PlatformDependent.getLong(from) ^ wide;
        words[1] = PlatformDependent.getLong(from + 8) ^ wide;
        words[2] = PlatformDependent.getLong(from + 16) ^ wide;
        words[3] = PlatformDependent.getLong(from + 24) ^ wide;
        words[4] = PlatformDependent.getLong(from + 32) ^ wide;
        words[5] = PlatformDependent.getLong(from + 40) ^ wide;
        words[6] = PlatformDependent.getLong(from + 48) ^ wide;
        words[7] = PlatformDependent.getLong(from + 56) ^ wide;
        return words;
    }

    /** The same of 16 words. */
    public static long[] sixteen(ByteBuf bytes, int index, int key) {
        long from = bytes.memoryAddress() + index;
        long wide = wide(key);
        long[] words = new long[MANY];
        words[0] = PlatformDependent.getLong(from) ^ wide;
        words[1] = PlatformDependent.getLong(from + 8) ^ wide;
        words[2] = PlatformDependent.getLong(from + 16) ^ wide;
        words[3] = PlatformDependent.getLong(from + 24) ^ wide;
        words[4] = PlatformDependent.getLong(from + 32) ^ wide;
        words[5] = PlatformDependent.getLong(from + 40) ^ wide;
        words[6] = PlatformDependent.getLong(from + 48) ^ wide;
        words[7] = PlatformDependent.getLong(from + 56) ^ wide;
        words[8] = PlatformDependent.getLong(from + 64) ^ wide;
        words[9] = PlatformDependent.getLong(from + 72) ^ wide;
        words[10] = PlatformDependent.getLong(from + 80) ^ wide;
        words[11] = PlatformDependent.getLong(from + 88) ^ wide;
        words[12] = PlatformDependent.getLong(from + 96) ^ wide;
        words[13] = PlatformDependent.getLong(from + 104) ^ wide;
        words[14] = PlatformDependent.getLong(from + 112) ^ wide;
        words[15] = PlatformDependent.getLong(from + 120) ^ wide;
        return words;
    }

    private static long wide(int key) {
        return key == 0 ? 0 : Masking.wide(key); // which the compiler does not see to be 0 then
    }

    /** The byte at a position. */
    public static byte byteAt(long[] words, int position) {
        return (byte) (words[position >>> 3] >>> ((position & 7) << 3));
    }

    /** Copies bytes from a position on into an array. */
    public static void copy(long[] words, int from, byte[] to, int index, int length) {
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            IN_ARRAY.set(to, index + i, eightBytes(words, from + i));
        }
        for (; i < length; i++) {
            to[index + i] = byteAt(words, from + i);
        }
    }

    /** Copies bytes from a position on to an absolute index of a big-endian buffer, whose position is not used. */
    public static void copy(long[] words, int from, ByteBuffer to, int index, int length) {
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            to.putLong(index + i, Long.reverseBytes(eightBytes(words, from + i)));
        }
        for (; i < length; i++) {
            to.put(index + i, byteAt(words, from + i));
        }
    }

    private static long eightBytes(long[] words, int position) {
        int word = position >>> 3;
        int shift = (position & 7) << 3;
        return shift == 0 ? words[word] : words[word] >>> shift | words[word + 1] << (Long.SIZE - shift);
    }
}
