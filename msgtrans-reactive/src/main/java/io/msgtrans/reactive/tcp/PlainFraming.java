package io.msgtrans.reactive.tcp;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.wire.DirectMemory;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Nothing around a packet: the frame is the packet. For any reliable stream of bytes. Holds no state: one object may
 * serve many connections.
 */
public final class PlainFraming implements Framing {

    /** What Rust peers accept on TCP, and the default here. */
    public static final int DEFAULT_MAX_PAYLOAD = 1 << 20;

    private final int maxPayload;

    /** With the payload limit of the options, or the default of TCP. */
    public PlainFraming(SessionOptions options) {
        this(options.maxPayloadOr(DEFAULT_MAX_PAYLOAD));
    }

    /** With a payload limit in bytes. */
    public PlainFraming(int maxPayload) {
        this.maxPayload = maxPayload;
    }

    @Override
    public int frameLength(ByteBuf in, int index, int available) {
        if (available < Packet.HEADER_BYTES) {
            return -Packet.HEADER_BYTES;
        }
        return (int) PacketHeader.check(in.getLong(index), in.getLong(index + 8), maxPayload);
    }

    @Override
    public void frame(ByteBuf in, int index, int length, FrameSink sink) {
        sink.packet(in, index);
    }

    // The header is read once for both.
    @Override
    public int take(ByteBuf in, int index, int available, FrameSink sink) {
        if (available < Packet.HEADER_BYTES) {
            return -Packet.HEADER_BYTES;
        }
        long head = DirectMemory.word(in, index, Packet.HEADER_BYTES, 0);
        long tail = DirectMemory.word(in, index, Packet.HEADER_BYTES, 8);
        int length = (int) PacketHeader.check(head, tail, maxPayload);
        if (length <= available) {
            sink.packet(in, index, head, tail);
        }
        return length;
    }

    @Override
    public int takePlain(ByteBuf in, int from, int end, FrameSink sink) {
        int index = from;
        while (end - index >= Packet.HEADER_BYTES) {
            long head = DirectMemory.word(in, index, Packet.HEADER_BYTES, 0);
            long tail = DirectMemory.word(in, index, Packet.HEADER_BYTES, 8);
            long length = PacketHeader.length(tail);
            if (length > end - index || PacketHeader.payloadLength(tail) > maxPayload || !sink.takesPlain(head, tail)) {
                break;
            }
            sink.plainPacket(in, index, head, tail, 0);
            index += (int) length;
        }
        return index;
    }

    @Override
    public int maxPayload() {
        return maxPayload;
    }

    @Override
    public boolean addsBytes() {
        return false;
    }

    @Override
    public int prefixLength(long packetLength) {
        return 0;
    }

    @Override
    public void writePrefix(ByteBuffer out, int index, int packetLength) {}

    @Override
    public void finish(ByteBuffer out, int prefixIndex, int packetIndex, int packetLength) {}

    @Override
    public boolean transformsBytes() {
        return false;
    }

    @Override
    public Object sharedKey() {
        return PlainFraming.class;
    }

    @Override
    public @Nullable ByteBuf closeFrame(CloseReason reason) {
        return null;
    }
}
