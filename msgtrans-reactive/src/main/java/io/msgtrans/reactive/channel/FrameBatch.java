package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.spi.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Packets that go to several sessions, and their bytes in each framing that is asked for, encoded once. Event loop only. */
final class FrameBatch {

    private record Encoded(Object framing, ByteBuf frames) {}

    private final List<Packet> packets = new ArrayList<>();
    private final List<Encoded> encoded = new ArrayList<>(2);
    private long lengthBytes;

    void add(Packet packet) {
        packets.add(packet);
        lengthBytes += packet.lengthBytes();
    }

    boolean isEmpty() {
        return packets.isEmpty();
    }

    List<Packet> packets() {
        return packets;
    }

    /** Length of the packets without what a framing adds. */
    long lengthBytes() {
        return lengthBytes;
    }

    /** Their bytes for all framings of this key; stays the batch's. */
    ByteBuf frames(Object key, Framing framing, ByteBufAllocator alloc) {
        for (Encoded present : encoded) {
            if (present.framing.equals(key)) {
                return present.frames;
            }
        }
        ByteBuf frames = encode(framing, alloc);
        encoded.add(new Encoded(key, frames));
        return frames;
    }

    private ByteBuf encode(Framing framing, ByteBufAllocator alloc) {
        int capacity = 0;
        for (Packet packet : packets) {
            capacity += framing.prefixLength(packet.lengthBytes()) + (int) packet.lengthBytes();
        }
        ByteBuf frames = alloc.directBuffer(capacity);
        ByteBuffer out = frames.internalNioBuffer(0, capacity).slice();
        int index = 0;
        for (Packet packet : packets) {
            int packetLength = (int) packet.lengthBytes();
            int packetIndex = index + framing.prefixLength(packetLength);
            framing.writePrefix(out, index, packetLength);
            packet.writeTo(out, packetIndex, (int) packet.messageId());
            framing.finish(out, index, packetIndex, packetLength);
            index = packetIndex + packetLength;
        }
        return frames.writerIndex(index);
    }

    /** Forgets the packets and releases their bytes. */
    void clear() {
        packets.clear();
        lengthBytes = 0;
        for (Encoded present : encoded) {
            present.frames.release();
        }
        encoded.clear();
    }
}
