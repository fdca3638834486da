package io.msgtrans.reactive.websocket;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The masking of WebSocket clients (RFC 6455 §5.3), which undoes itself: eight bytes at a time in the processor's own byte
 * order. Through {@code ByteBuf} and big-endian accessors it cost more than everything else that is done to a packet.
 */
final class Masking {

    private static final VarHandle IN_ARRAY =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle IN_BUFFER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private Masking() {}

    static void apply(ByteBuf bytes, int index, int length, int key) {
        if (bytes.hasArray()) {
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

    /** A frame over several reads, as a borrowing subscriber gets it. */
    private static void applyToPieces(ByteBuf bytes, int index, int length, int key) {
        long wide = ((long) key << 32) | (key & 0xFFFFFFFFL);
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
            bytes[i] ^= (byte) (key >>> (24 - 8 * (n & 3)));
        }
    }

    static void apply(ByteBuffer bytes, int from, int length, int key) {
        long wide = wide(key);
        int end = from + length;
        int i = from;
        for (; i <= end - Long.BYTES; i += Long.BYTES) {
            IN_BUFFER.set(bytes, i, (long) IN_BUFFER.get(bytes, i) ^ wide);
        }
        for (int n = 0; i < end; i++, n++) {
            bytes.put(i, (byte) (bytes.get(i) ^ (key >>> (24 - 8 * (n & 3)))));
        }
    }

    /** The key twice, as it lies in memory. */
    private static long wide(int key) {
        long bigEndian = ((long) key << 32) | (key & 0xFFFFFFFFL);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? bigEndian : Long.reverseBytes(bigEndian);
    }
}
