package io.msgtrans.reactive.test;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** A user's own framing: a marker byte, then the packet's length in 32 bits. */
final class LengthFraming implements Framing {

    private static final int PREFIX_BYTES = 5;

    private final int marker;
    private final int maxPayload;

    LengthFraming(int marker, int maxPayload) {
        this.marker = marker;
        this.maxPayload = maxPayload;
    }

    @Override
    public int frameLength(ByteBuf in, int index, int available) {
        if (available < PREFIX_BYTES) {
            return -PREFIX_BYTES;
        }
        if (in.getUnsignedByte(index) != marker) {
            throw new ProtocolException(
                    ProtocolException.Rule.MALFORMED, "marker " + in.getUnsignedByte(index) + " is not " + marker);
        }
        long length = in.getUnsignedInt(index + 1);
        if (length > maxPayload + 65_551L) {
            throw new ProtocolException(
                    ProtocolException.Rule.TOO_LARGE, "frame of " + length + " bytes (option maxPayload)");
        }
        return PREFIX_BYTES + (int) length;
    }

    @Override
    public void frame(ByteBuf in, int index, int length, FrameSink sink) {
        PacketHeader.checkFrame(in, index + PREFIX_BYTES, length - PREFIX_BYTES, maxPayload, false);
        sink.packet(in, index + PREFIX_BYTES);
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
        out.put(index, (byte) marker);
        out.putInt(index + 1, packetLength);
    }

    @Override
    public void finish(ByteBuffer out, int prefixIndex, int packetIndex, int packetLength) {}

    @Override
    public boolean transformsBytes() {
        return false;
    }

    @Override
    public ByteBuf closeFrame(CloseReason reason) {
        return null;
    }
}
