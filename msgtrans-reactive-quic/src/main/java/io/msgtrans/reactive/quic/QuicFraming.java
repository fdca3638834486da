package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Packets on a QUIC stream: a length of four bytes, big-endian, then as many bytes of packet.
 *
 * <p>Between our own peers a length of zero is a sign of life. It makes the stream of a client that only listens visible to
 * the server, and keeps an idle connection alive.
 */
final class QuicFraming implements Framing {

    /** Largest frame of the mapping, header included. */
    static final int MAX_FRAME_BYTES = 16 << 20;

    private static final int PREFIX_BYTES = 4;

    private final int maxPayload;
    private final boolean ignoreTrailing;
    private final boolean lenient;
    private final boolean extended;
    private final long keepAliveNanos;

    /**
     * @param extended whether the peer knows the sign of life
     * @param keepAliveNanos how often to send it, 0 for never
     */
    QuicFraming(SessionOptions options, boolean extended, long keepAliveNanos) {
        this.maxPayload = Math.min(options.maxPayloadOr(MAX_FRAME_BYTES), MAX_FRAME_BYTES - Packet.HEADER_BYTES);
        this.ignoreTrailing = options.ignoreTrailingBytes();
        this.lenient = options.lenientFrames();
        this.extended = extended;
        this.keepAliveNanos = keepAliveNanos;
    }

    @Override
    public int frameLength(ByteBuf in, int index, int available) {
        if (available < PREFIX_BYTES) {
            return -PREFIX_BYTES;
        }
        long length = in.getUnsignedInt(index);
        if (length > MAX_FRAME_BYTES) {
            throw new ProtocolException(
                    Rule.TOO_LARGE, "QUIC frame of " + length + " bytes is above the limit " + MAX_FRAME_BYTES);
        }
        if (length < Packet.HEADER_BYTES && !lenient && !(extended && length == 0)) {
            throw new ProtocolException(Rule.MALFORMED, "QUIC frame of " + length + " bytes is shorter than a header");
        }
        if (length > maxPayload + (long) Packet.HEADER_BYTES + Packet.MAX_EXT_HEADER_BYTES) {
            throw new ProtocolException(
                    Rule.TOO_LARGE,
                    "QUIC frame of " + length + " bytes cannot hold a payload within the limit " + maxPayload
                            + " (option maxPayload)");
        }
        return PREFIX_BYTES + (int) length;
    }

    @Override
    public void frame(ByteBuf in, int index, int length, FrameSink sink) {
        int packetIndex = index + PREFIX_BYTES;
        int packetLength = length - PREFIX_BYTES;
        if (packetLength == 0 && extended) {
            return;
        }
        try {
            PacketHeader.checkFrame(in, packetIndex, packetLength, maxPayload, ignoreTrailing);
        } catch (ProtocolException broken) {
            if (!lenient) {
                throw broken;
            }
            sink.packet(Packet.builder(PacketType.ONE_WAY)
                    .messageId(0)
                    .payload(ByteBufUtil.getBytes(in, packetIndex, packetLength))
                    .build());
            return;
        }
        sink.packet(in, packetIndex);
    }

    @Override
    public int maxPayload() {
        return maxPayload;
    }

    @Override
    public int prefixLength(long packetLength) {
        return PREFIX_BYTES;
    }

    @Override
    public void writePrefix(ByteBuffer out, int index, int packetLength) {
        out.putInt(index, packetLength);
    }

    @Override
    public void finish(ByteBuffer out, int prefixIndex, int packetIndex, int packetLength) {}

    @Override
    public boolean transformsBytes() {
        return false;
    }

    @Override
    public Object sharedKey() {
        return QuicFraming.class;
    }

    @Override
    public boolean tellsReason() {
        return true; // the close of the connection does
    }

    @Override
    public @Nullable ByteBuf closeFrame(CloseReason reason) {
        return null;
    }

    @Override
    public @Nullable ByteBuf keepAliveFrame() {
        return extended ? signOfLife() : null;
    }

    /** A frame that carries nothing. */
    static ByteBuf signOfLife() {
        return Unpooled.directBuffer(PREFIX_BYTES, PREFIX_BYTES).writeInt(0);
    }

    @Override
    public long keepAliveNanos() {
        return extended ? keepAliveNanos : 0;
    }
}
