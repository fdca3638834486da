package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Finds packets in what was read, by absolute index and without an object for each. Stands alone in the pipeline.
 *
 * <p>A packet that does not end in its read is <em>carried</em>: a small one is copied into a buffer of its own size, a
 * large one becomes a composite of slices, so that large payloads are never copied. At most one packet for each read
 * takes that way.
 */
abstract class PacketScanner extends ChannelInboundHandlerAdapter {

    /** From this payload on, slices cost less than copies. */
    static final int LARGE_PAYLOAD_BYTES = 8 << 10;

    private static final int MAX_SLICES = 1024;
    private static final long UNKNOWN = -1;

    // event loop only
    private @Nullable ByteBuf carried;
    private long carriedMissing = UNKNOWN;

    /**
     * A whole packet. The buffer belongs to the scanner, and is valid until this returns unless it is retained.
     *
     * @param head first word of the header
     * @param index where the payload begins
     */
    abstract void packet(ChannelHandlerContext ctx, long head, ByteBuf buffer, int index, int lengthBytes);

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf read = (ByteBuf) message;
        try {
            int index = read.readerIndex();
            int end = read.writerIndex();
            while (carried != null && index < end) {
                index += carry(ctx, carried, read, index, end - index);
            }
            index = scan(ctx, read, index, end);
            if (index < end) {
                startCarrying(ctx, read, index, end - index);
            }
        } finally {
            read.release();
        }
    }

    private int scan(ChannelHandlerContext ctx, ByteBuf read, int start, int end) {
        int index = start;
        while (end - index >= Wire.HEADER_BYTES) {
            long head = read.getLong(index);
            int length = Wire.payloadLength(head, read.getLong(index + Long.BYTES));
            int next = index + Wire.HEADER_BYTES + length;
            if (next > end) {
                break;
            }
            packet(ctx, head, read, index + Wire.HEADER_BYTES, length);
            index = next;
        }
        return index;
    }

    private void startCarrying(ChannelHandlerContext ctx, ByteBuf read, int index, int available) {
        ByteBuf small = ctx.alloc().directBuffer(Wire.HEADER_BYTES + LARGE_PAYLOAD_BYTES);
        carried = small;
        carriedMissing = UNKNOWN;
        int done = 0;
        while (done < available) {
            done += carry(ctx, carried, read, index + done, available - done);
        }
    }

    /** Moves bytes to the carried packet and answers how many: first the header, then what is missing. */
    private int carry(ChannelHandlerContext ctx, ByteBuf packet, ByteBuf read, int index, int available) {
        if (carriedMissing == UNKNOWN) {
            int taken = Math.min(Wire.HEADER_BYTES - packet.readableBytes(), available);
            packet.writeBytes(read, index, taken);
            if (packet.readableBytes() == Wire.HEADER_BYTES) {
                carriedMissing = Wire.payloadLength(packet.getLong(0), packet.getLong(Long.BYTES));
                if (carriedMissing >= LARGE_PAYLOAD_BYTES) {
                    carried = ctx.alloc().compositeDirectBuffer(MAX_SLICES).addComponent(true, packet);
                }
                finishIfWhole(ctx);
            }
            return taken;
        }
        int taken = (int) Math.min(carriedMissing, available);
        if (packet instanceof CompositeByteBuf slices) {
            slices.addComponent(true, read.retainedSlice(index, taken));
        } else {
            packet.writeBytes(read, index, taken);
        }
        carriedMissing -= taken;
        finishIfWhole(ctx);
        return taken;
    }

    private void finishIfWhole(ChannelHandlerContext ctx) {
        ByteBuf whole = carried;
        if (whole != null && carriedMissing == 0) {
            carried = null;
            carriedMissing = UNKNOWN;
            packet(ctx, whole.getLong(0), whole, Wire.HEADER_BYTES, whole.readableBytes() - Wire.HEADER_BYTES);
            whole.release();
        }
    }

    @Override
    public final void handlerRemoved(ChannelHandlerContext ctx) {
        if (carried != null) {
            carried.release();
            carried = null;
        }
    }
}
