package io.msgtrans.reactive.channel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.FastThreadLocal;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * A small batch that the sessions of an event loop use in turn, each for one write. So a session that sends little at a time keeps the
 * same buffer in its fields: to put another one there for each write made G1 look at each session's objects behind each write, a sixth
 * of the processors with 1,000 sessions that send one packet at a time.
 *
 * <p>What the socket has not taken yet keeps its buffer, and the next write gets another one.
 */
final class SmallBatch {

    static final int BYTES = 1024;

    private static final FastThreadLocal<SmallBatch> CURRENT = new FastThreadLocal<>() {
        @Override
        protected SmallBatch initialValue() {
            return new SmallBatch();
        }

        @Override
        protected void onRemoval(SmallBatch ended) {
            ended.buffer.release();
        }
    };

    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private boolean taken;

    /** That of the event loop whose thread this is. */
    static SmallBatch current() {
        return CURRENT.get();
    }

    /** Takes it for a session; false when another one has it. */
    boolean take(ByteBufAllocator alloc) {
        if (taken) {
            return false;
        }
        if (buffer.refCnt() == 1 && buffer.capacity() == BYTES) {
            VarHandle.acquireFence(); // who released it may have read it on another thread
            buffer.setIndex(0, 0);
        } else {
            ByteBuf fresh = alloc.directBuffer(BYTES, BYTES);
            buffer.release();
            buffer = fresh;
            bytes = fresh.internalNioBuffer(0, BYTES).slice();
        }
        buffer.retain();
        taken = true;
        return true;
    }

    /** The buffer; who took it releases it once, or writes it, which does. */
    ByteBuf buffer() {
        return buffer;
    }

    /** All its bytes. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Who took it has written it. */
    void give() {
        taken = false;
    }
}
