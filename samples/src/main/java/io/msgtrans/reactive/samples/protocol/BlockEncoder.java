package io.msgtrans.reactive.samples.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.Deflater;

/**
 * Batching and compression under the session: all that it writes up to a flush becomes blocks of up to 64 KiB, each deflated as a whole. So
 * small packets share one header, and what repeats between them is sent once.
 *
 * <pre>
 *   block: bytes before compression (4), bytes that follow (4), bytes: deflated, or as they are when both numbers are equal
 * </pre>
 */
public final class BlockEncoder extends ChannelOutboundHandlerAdapter {

    static final int HEADER_BYTES = 8;
    static final int MAX_BLOCK = 64 << 10;
    /** Less is not worth the work. */
    private static final int LEAST_DEFLATED = 64;

    private final int level;
    private final Deflater deflater;
    private final LongAdder blocks = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    // Event loop only.
    private final Deque<ByteBuf> waiting = new ArrayDeque<>();
    private List<ChannelPromise> promises = new ArrayList<>();

    BlockEncoder(int level) {
        if (level < 0 || level > 9) {
            throw new IllegalArgumentException("meter.level " + level + " is outside 0..9");
        }
        this.level = level;
        this.deflater = new Deflater(level, true);
    }

    /** Blocks sent. */
    public long blocks() {
        return blocks.sum();
    }

    /** Bytes of the blocks. */
    public long bytes() {
        return bytes.sum();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        waiting.add((ByteBuf) message);
        promises.add(promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        writeBlocks(ctx);
        ctx.flush();
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        writeBlocks(ctx);
        ctx.close(promise);
    }

    private void writeBlocks(ChannelHandlerContext ctx) {
        if (waiting.isEmpty()) {
            return;
        }
        ChannelFuture last = ctx.newSucceededFuture();
        ByteBuf raw = ctx.alloc().buffer(MAX_BLOCK);
        for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
            while (next.isReadable()) {
                raw.writeBytes(next, Math.min(next.readableBytes(), MAX_BLOCK - raw.readableBytes()));
                if (raw.readableBytes() == MAX_BLOCK) {
                    last = ctx.write(block(ctx, raw));
                    raw.clear();
                }
            }
            next.release();
        }
        if (raw.isReadable()) {
            last = ctx.write(block(ctx, raw));
        }
        raw.release();
        List<ChannelPromise> told = promises;
        promises = new ArrayList<>();
        last.addListener(done -> told.forEach(
                promise -> { // the last is written behind all others
                    if (promise.isVoid()) {
                        return;
                    }
                    if (done.isSuccess()) {
                        promise.trySuccess();
                    } else {
                        promise.tryFailure(done.cause());
                    }
                }));
    }

    private ByteBuf block(ChannelHandlerContext ctx, ByteBuf raw) {
        int length = raw.readableBytes();
        ByteBuf out = ctx.alloc().directBuffer(HEADER_BYTES + length);
        int deflated = level == 0 || length < LEAST_DEFLATED ? 0 : deflate(raw, out, length);
        int following = deflated == 0 ? length : deflated;
        if (deflated == 0) {
            out.setBytes(HEADER_BYTES, raw, raw.readerIndex(), length);
        }
        out.setInt(0, length).setInt(4, following).writerIndex(HEADER_BYTES + following);
        blocks.increment();
        bytes.add(out.readableBytes());
        return out;
    }

    /** 0 when it does not become smaller. */
    private int deflate(ByteBuf raw, ByteBuf out, int length) {
        deflater.reset();
        deflater.setInput(raw.nioBuffer());
        deflater.finish();
        int deflated = deflater.deflate(out.nioBuffer(HEADER_BYTES, length - 1));
        return deflater.finished() ? deflated : 0;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
            next.release();
        }
        deflater.end();
    }
}
