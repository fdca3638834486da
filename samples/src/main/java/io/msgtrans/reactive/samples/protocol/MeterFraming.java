package io.msgtrans.reactive.samples.protocol;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Our own framing: the packet's length in 1 to 5 bytes of seven bits each, the lowest first, then the packet. */
final class MeterFraming implements Framing {

    private static final int MAX_LENGTH_BYTES = 5;
    private static final int LARGEST_EXT_HEADER = 65_535 + 16;

    private final int maxPayload;

    MeterFraming(int maxPayload) {
        this.maxPayload = maxPayload;
    }

    @Override
    public int frameLength(ByteBuf in, int index, int available) {
        long length = 0;
        for (int i = 0; i < MAX_LENGTH_BYTES; i++) {
            if (i == available) {
                return -(i + 1);
            }
            int next = in.getByte(index + i);
            length |= (next & 0x7FL) << (7 * i);
            if (next >= 0) {
                return i + 1 + checked(length);
            }
        }
        throw new ProtocolException(
                ProtocolException.Rule.MALFORMED, "a length of more than " + MAX_LENGTH_BYTES + " bytes");
    }

    private int checked(long length) {
        if (length > maxPayload + LARGEST_EXT_HEADER) {
            throw new ProtocolException(
                    ProtocolException.Rule.TOO_LARGE,
                    "a frame of " + length + " bytes cannot be one with a payload of " + maxPayload
                            + " bytes at most (option maxPayload)");
        }
        return (int) length;
    }

    @Override
    public void frame(ByteBuf in, int index, int length, FrameSink sink) {
        int prefix = 1;
        while (in.getByte(index + prefix - 1) < 0) {
            prefix++;
        }
        PacketHeader.checkFrame(in, index + prefix, length - prefix, maxPayload, false);
        sink.packet(in, index + prefix);
    }

    @Override
    public int maxPayload() {
        return maxPayload;
    }

    @Override
    public int prefixLength(long packetLength) {
        int bytes = 1;
        for (long rest = packetLength >>> 7; rest != 0; rest >>>= 7) {
            bytes++;
        }
        return bytes;
    }

    @Override
    public void writePrefix(ByteBuffer out, int index, int packetLength) {
        int at = index;
        int rest = packetLength;
        for (; rest > 0x7F; rest >>>= 7) {
            out.put(at++, (byte) (rest | 0x80));
        }
        out.put(at, (byte) rest);
    }

    @Override
    public void finish(ByteBuffer out, int prefixIndex, int packetIndex, int packetLength) {}

    @Override
    public boolean transformsBytes() {
        return false;
    }

    /** All connections write the same bytes for a packet: a broadcast is encoded once. */
    @Override
    public Object sharedKey() {
        return MeterFraming.class;
    }

    @Override
    public @Nullable ByteBuf closeFrame(CloseReason reason) {
        return null;
    }
}
