package io.msgtrans.reactive.wire;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.PlatformDependent;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Direct memory by its address, where Netty may use it: not since Java 24, and not on processors that need aligned words. Bounds are
 * checked once, and the compiler knows that nothing else changes: for each eight bytes through a buffer it looks at the buffer anew, as
 * these could be anywhere. The buffer must not be released meanwhile.
 */
public final class DirectMemory {

    private static final boolean REACHABLE = PlatformDependent.hasUnsafe() && PlatformDependent.isUnaligned();

    static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private static final VarHandle IN_ARRAY =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /**
     * Fewer bytes are copied in a loop that is compiled into its caller; more by the JVM's routine, a call, which takes half of
     * that loop's time for 1 KiB.
     */
    private static final int COPIED_BY_WORDS = 128;

    private DirectMemory() {}

    /**
     * The buffer below one that only watches for leaks, with the same bytes at the same indexes; otherwise the buffer itself. So code
     * that reads meets one class of buffer and not two: Netty watches one buffer of 128.
     */
    public static ByteBuf bare(ByteBuf bytes) {
        ByteBuf below = bytes.unwrap();
        return REACHABLE // asked for here, as the compiler is to see one class of buffer in isReachable
                        && below != null
                        && bytes.hasMemoryAddress()
                        && below.hasMemoryAddress()
                        && below.memoryAddress() == bytes.memoryAddress()
                        && below.capacity() >= bytes.capacity()
                ? below
                : bytes;
    }

    static boolean isReachable(ByteBuf bytes) {
        return REACHABLE && bytes.hasMemoryAddress();
    }

    static boolean isReachable(ByteBuffer bytes) {
        return REACHABLE && bytes.isDirect();
    }

    /**
     * The big-endian word at an offset from an index, from which on the buffer must have so many bytes: what all words of a header check
     * alike is checked once.
     *
     * @throws IndexOutOfBoundsException when so many bytes from the index on are not all in the buffer
     */
    public static long word(ByteBuf bytes, int index, int length, int offset) {
        if (!isReachable(bytes)) {
            return bytes.getLong(index + offset);
        }
        return bigEndian(PlatformDependent.getLong(address(bytes, index, length) + offset));
    }

    /** @throws IndexOutOfBoundsException when so many bytes from the index on are not all in the buffer */
    static long address(ByteBuf bytes, int index, int length) {
        Objects.checkFromIndexSize(index, length, bytes.capacity());
        return bytes.memoryAddress() + index;
    }

    /** @throws IndexOutOfBoundsException when so many bytes from the index on are not all below the buffer's limit */
    static long address(ByteBuffer bytes, int index, int length) {
        Objects.checkFromIndexSize(index, length, bytes.limit());
        return PlatformDependent.directBufferAddress(bytes) + index;
    }

    /**
     * Bytes of any buffer in an array of their own.
     *
     * @throws IndexOutOfBoundsException when so many bytes from the index on are not all in the buffer
     */
    public static byte[] copy(ByteBuf bytes, int index, int length) {
        byte[] copy = new byte[length];
        if (length >= COPIED_BY_WORDS || !isReachable(bytes)) {
            bytes.getBytes(index, copy);
            return copy;
        }
        long address = address(bytes, index, length);
        int i = 0;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            IN_ARRAY.set(copy, i, PlatformDependent.getLong(address + i));
        }
        for (; i < length; i++) {
            copy[i] = PlatformDependent.getByte(address + i);
        }
        return copy;
    }

    static long bigEndian(long word) {
        return LITTLE_ENDIAN ? Long.reverseBytes(word) : word;
    }
}
