package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;

/**
 * Encodes packets one behind the other into one direct buffer, which is written when it is full or flushed. A large
 * payload is written as a slice between two parts of that buffer. Event loop only.
 */
final class PacketBatch {

    static final int CAPACITY_BYTES = 64 << 10;

    private static final int LONGEST_COPY_BYTES = Wire.HEADER_BYTES + PacketScanner.LARGE_PAYLOAD_BYTES;

    private final ChannelHandlerContext ctx;

    private @Nullable ByteBuf buffer;
    private int startIndex;
    private int endIndex;

    PacketBatch(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    /** Adds a packet; may write, never flushes. */
    void add(long head, ByteBuf payload, int index, int lengthBytes) {
        ByteBuf target = buffer;
        if (target == null || target.capacity() - endIndex < LONGEST_COPY_BYTES) {
            target = nextBuffer();
        }
        int at = endIndex;
        target.setLong(at, head);
        target.setLong(at + Long.BYTES, Wire.tail(lengthBytes));
        if (lengthBytes < PacketScanner.LARGE_PAYLOAD_BYTES) {
            target.setBytes(at + Wire.HEADER_BYTES, payload, index, lengthBytes);
            endIndex = at + Wire.HEADER_BYTES + lengthBytes;
        } else {
            endIndex = at + Wire.HEADER_BYTES;
            writePart(target);
            ctx.write(payload.retainedSlice(index, lengthBytes), ctx.voidPromise());
        }
    }

    private ByteBuf nextBuffer() {
        release();
        ByteBuf next = ctx.alloc().directBuffer(CAPACITY_BYTES, CAPACITY_BYTES);
        buffer = next;
        startIndex = 0;
        endIndex = 0;
        return next;
    }

    private void writePart(ByteBuf source) {
        if (endIndex > startIndex) {
            ctx.write(source.retainedSlice(startIndex, endIndex - startIndex), ctx.voidPromise());
            startIndex = endIndex;
        }
    }

    /** Writes what was added and flushes. */
    void flush() {
        if (buffer != null) {
            writePart(buffer);
            release();
        }
        ctx.flush();
    }

    private void release() {
        if (buffer != null) {
            writePart(buffer);
            buffer.release();
            buffer = null;
        }
    }
}
