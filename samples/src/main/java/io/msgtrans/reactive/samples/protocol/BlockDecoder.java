package io.msgtrans.reactive.samples.protocol;

import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** The other side of {@link BlockEncoder}. Nothing is reserved for what a block says before that was checked. */
final class BlockDecoder extends ByteToMessageDecoder {

    private final Inflater inflater = new Inflater(true);

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.readableBytes() < BlockEncoder.HEADER_BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        int following = in.getInt(in.readerIndex() + 4);
        if (length < 1 || length > BlockEncoder.MAX_BLOCK || following < 1 || following > length) {
            throw new ProtocolException(
                    Rule.MALFORMED,
                    "a block of " + following + " bytes for " + length + ", where 1.." + BlockEncoder.MAX_BLOCK
                            + " are allowed");
        }
        if (in.readableBytes() >= BlockEncoder.HEADER_BYTES + following) {
            in.skipBytes(BlockEncoder.HEADER_BYTES);
            out.add(
                    following == length
                            ? in.readRetainedSlice(length)
                            : inflated(ctx, in.readSlice(following), length));
        }
    }

    private ByteBuf inflated(ChannelHandlerContext ctx, ByteBuf deflated, int length) {
        ByteBuf raw = ctx.alloc().directBuffer(length);
        try {
            inflater.reset();
            inflater.setInput(deflated.nioBuffer());
            int got = inflater.inflate(raw.nioBuffer(0, length));
            if (got != length) {
                throw new ProtocolException(Rule.MALFORMED, "a block inflates to " + got + " bytes, not to " + length);
            }
            return raw.writerIndex(length).retain();
        } catch (DataFormatException broken) {
            throw new ProtocolException(Rule.MALFORMED, "a block does not inflate: " + broken.getMessage());
        } finally {
            raw.release();
        }
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        inflater.end();
    }
}
