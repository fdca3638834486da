package io.msgtrans.reactive.wire;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.internal.PlatformDependent;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * The masking of WebSocket clients (RFC 6455 §5.3), which undoes itself: eight bytes at a time in the processor's own byte
 * order. Through {@code ByteBuf} and big-endian accessors it cost more than everything else that is done to a packet.
 */
public final class Masking {

    private static final VarHandle IN_ARRAY =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle IN_BUFFER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /** Without addresses, bytes in a buffer are masked in pieces of this length in an array, from here on. */
    private static final int PIECE_BYTES = 4096;

    /** So many bytes, or fewer, are masked into a buffer without a loop over words. */
    private static final int FEW_BYTES = 128;

    private static final FastThreadLocal<byte[]> PIECE = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[PIECE_BYTES];
        }
    };

    private Masking() {}

    /** Masks or unmasks bytes in a buffer. */
    public static void apply(ByteBuf bytes, int index, int length, int key) {
        if (DirectMemory.isReachable(bytes)) {
            apply(DirectMemory.address(bytes, index, length), length, key);
        } else if (bytes.hasArray()) {
            apply(bytes.array(), bytes.arrayOffset() + index, length, key);
        } else if (bytes.nioBufferCount() == 1) {
            // The buffer's own view, which its event loop alone uses: another one for each packet is 64 bytes of
            // garbage.
            ByteBuffer view = bytes.internalNioBuffer(index, length);
            apply(view, view.position(), length, key);
        } else {
            applyToPieces(bytes, index, length, key);
        }
    }

    /**
     * The bytes as they were before they were masked, in an array of their own: half of the time of unmasking them in a buffer and
     * copying them.
     */
    public static byte[] copy(ByteBuf bytes, int index, int length, int key) {
        byte[] copy = new byte[length];
        if (DirectMemory.isReachable(bytes)) {
            copy(DirectMemory.address(bytes, index, length), copy, key);
            return copy;
        }
        if (length >= PIECE_BYTES || bytes.hasArray() || bytes.nioBufferCount() != 1) {
            bytes.getBytes(index, copy);
            apply(copy, 0, length, key);
            return copy;
        }
        ByteBuffer view = bytes.internalNioBuffer(index, length);
        int from = view.position();
        long wide = wide(key);
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            IN_ARRAY.set(copy, i, (long) IN_BUFFER.get(view, from + i) ^ wide);
        }
        for (; i < length; i++) {
            copy[i] = maskByte(view.get(from + i), i, key);
        }
        return copy;
    }

    /** Writes bytes masked at an absolute index: less than half of the time of writing them and masking them there. */
    public static void copy(byte[] bytes, int from, ByteBuffer out, int index, int length, int key) {
        if (DirectMemory.isReachable(out)) {
            copy(bytes, from, DirectMemory.address(out, index, length), length, key);
            return;
        }
        if (length >= PIECE_BYTES) {
            copyByPieces(bytes, from, out, index, length, key);
            return;
        }
        long wide = wide(key);
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            IN_BUFFER.set(out, index + i, (long) IN_ARRAY.get(bytes, from + i) ^ wide);
        }
        for (; i < length; i++) {
            out.put(index + i, maskByte(bytes[from + i], i, key));
        }
    }

    /**
     * Writes two big-endian words and bytes behind them, all masked, at an absolute index; the buffer's position is not used.
     *
     * @throws IndexOutOfBoundsException when the bytes are not all in the array, or not all below the buffer's limit
     */
    public static void copy(
            long head, long tail, byte[] bytes, int from, ByteBuffer out, int index, int length, int key) {
        if (length <= FEW_BYTES && DirectMemory.isReachable(out)) {
            Objects.checkFromIndexSize(from, length, bytes.length);
            copyFew(
                    head,
                    tail,
                    bytes,
                    from,
                    DirectMemory.address(out, index, 2 * Long.BYTES + length),
                    length,
                    wide(key));
            return;
        }
        long twice = twice(key);
        out.putLong(index, head ^ twice);
        out.putLong(index + Long.BYTES, tail ^ twice);
        copy(bytes, from, out, index + 2 * Long.BYTES, length, key);
    }

    // A loop over so few words costs more than they do. Longer than what HotSpot compiles into its callers, 325 bytes
    // of byte code (FreqInlineSize), which is intended: within them it makes loops over packets too long to be compiled
    // as one.
    private static void copyFew(long head, long tail, byte[] bytes, int from, long address, int length, long wide) {
        PlatformDependent.putLong(address, DirectMemory.bigEndian(head) ^ wide);
        PlatformDependent.putLong(address + Long.BYTES, DirectMemory.bigEndian(tail) ^ wide);
        long to = address + 2 * Long.BYTES;
        int at = from;
        for (int left = length; left >= 64; left -= 64) {
            PlatformDependent.putLong(to, PlatformDependent.getLong(bytes, at) ^ wide);
            PlatformDependent.putLong(to + 8, PlatformDependent.getLong(bytes, at + 8) ^ wide);
            PlatformDependent.putLong(to + 16, PlatformDependent.getLong(bytes, at + 16) ^ wide);
            PlatformDependent.putLong(to + 24, PlatformDependent.getLong(bytes, at + 24) ^ wide);
            PlatformDependent.putLong(to + 32, PlatformDependent.getLong(bytes, at + 32) ^ wide);
            PlatformDependent.putLong(to + 40, PlatformDependent.getLong(bytes, at + 40) ^ wide);
            PlatformDependent.putLong(to + 48, PlatformDependent.getLong(bytes, at + 48) ^ wide);
            PlatformDependent.putLong(to + 56, PlatformDependent.getLong(bytes, at + 56) ^ wide);
            at += 64;
            to += 64;
        }
        if ((length & 32) != 0) {
            PlatformDependent.putLong(to, PlatformDependent.getLong(bytes, at) ^ wide);
            PlatformDependent.putLong(to + 8, PlatformDependent.getLong(bytes, at + 8) ^ wide);
            PlatformDependent.putLong(to + 16, PlatformDependent.getLong(bytes, at + 16) ^ wide);
            PlatformDependent.putLong(to + 24, PlatformDependent.getLong(bytes, at + 24) ^ wide);
            at += 32;
            to += 32;
        }
        if ((length & 16) != 0) {
            PlatformDependent.putLong(to, PlatformDependent.getLong(bytes, at) ^ wide);
            PlatformDependent.putLong(to + 8, PlatformDependent.getLong(bytes, at + 8) ^ wide);
            at += 16;
            to += 16;
        }
        if ((length & 8) != 0) {
            PlatformDependent.putLong(to, PlatformDependent.getLong(bytes, at) ^ wide);
            at += 8;
            to += 8;
        }
        for (int i = 0; i < (length & 7); i++) {
            int shift = DirectMemory.LITTLE_ENDIAN ? 8 * i : 56 - 8 * i;
            PlatformDependent.putByte(to + i, (byte) (bytes[at + i] ^ (wide >>> shift)));
        }
    }

    private static void copyByPieces(byte[] bytes, int from, ByteBuffer out, int index, int length, int key) {
        byte[] piece = PIECE.get();
        for (int done = 0; done < length; done += PIECE_BYTES) { // a multiple of the key's length
            int next = Math.min(PIECE_BYTES, length - done);
            System.arraycopy(bytes, from + done, piece, 0, next);
            apply(piece, 0, next, key);
            out.put(index + done, piece, 0, next);
        }
    }

    private static void copy(long from, byte[] copy, int key) {
        long wide = wide(key);
        int i = 0;
        for (; i <= copy.length - Long.BYTES; i += Long.BYTES) {
            IN_ARRAY.set(copy, i, PlatformDependent.getLong(from + i) ^ wide);
        }
        for (; i < copy.length; i++) {
            copy[i] = maskByte(PlatformDependent.getByte(from + i), i, key);
        }
    }

    private static void copy(byte[] bytes, int from, long to, int length, int key) {
        long wide = wide(key);
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            PlatformDependent.putLong(to + i, (long) IN_ARRAY.get(bytes, from + i) ^ wide);
        }
        for (; i < length; i++) {
            PlatformDependent.putByte(to + i, maskByte(bytes[from + i], i, key));
        }
    }

    private static void apply(long address, int length, int key) {
        long wide = wide(key);
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            PlatformDependent.putLong(address + i, PlatformDependent.getLong(address + i) ^ wide);
        }
        for (; i < length; i++) {
            PlatformDependent.putByte(address + i, maskByte(PlatformDependent.getByte(address + i), i, key));
        }
    }

    private static byte maskByte(byte original, int position, int key) {
        return (byte) (original ^ (key >>> (24 - 8 * (position & 3))));
    }

    /** A frame over several reads, as a borrowing subscriber gets it. */
    private static void applyToPieces(ByteBuf bytes, int index, int length, int key) {
        long wide = twice(key);
        int end = index + length;
        int i = index;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            bytes.setLong(i, bytes.getLong(i) ^ wide);
        }
        for (int n = 0; i < end; i++, n++) {
            bytes.setByte(i, bytes.getByte(i) ^ (key >>> (24 - 8 * (n & 3))));
        }
    }

    private static void apply(byte[] bytes, int from, int length, int key) {
        long wide = wide(key);
        int end = from + length;
        int i = from;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            IN_ARRAY.set(bytes, i, (long) IN_ARRAY.get(bytes, i) ^ wide);
        }
        for (int n = 0; i < end; i++, n++) {
            bytes[i] = maskByte(bytes[i], n, key);
        }
    }

    /** The same from an absolute index on; the buffer's position is not used. */
    public static void apply(ByteBuffer bytes, int from, int length, int key) {
        if (DirectMemory.isReachable(bytes)) {
            apply(DirectMemory.address(bytes, from, length), length, key);
            return;
        }
        if (length >= PIECE_BYTES) {
            applyInArray(bytes, from, length, key);
            return;
        }
        long wide = wide(key);
        int end = from + length;
        int i = from;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            IN_BUFFER.set(bytes, i, (long) IN_BUFFER.get(bytes, i) ^ wide);
        }
        for (int n = 0; i < end; i++, n++) {
            bytes.put(i, maskByte(bytes.get(i), n, key));
        }
    }

    // The compiler looks at the buffer anew for each eight bytes, and at an array once for all: of 64 KiB that is
    // several times what both copies cost.
    private static void applyInArray(ByteBuffer bytes, int from, int length, int key) {
        byte[] piece = PIECE.get();
        for (int done = 0; done < length; done += PIECE_BYTES) { // a multiple of the key's length
            int next = Math.min(PIECE_BYTES, length - done);
            bytes.get(from + done, piece, 0, next);
            apply(piece, 0, next, key);
            bytes.put(from + done, piece, 0, next);
        }
    }

    /** The key for eight bytes, which are read as a big-endian number. */
    public static long twice(int key) {
        return ((long) key << 32) | (key & 0xFFFFFFFFL);
    }

    /** The same for eight bytes in the processor's own order. */
    static long wide(int key) {
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? twice(key) : Long.reverseBytes(twice(key));
    }
}
