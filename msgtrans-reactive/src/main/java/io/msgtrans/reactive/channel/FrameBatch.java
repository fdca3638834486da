package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.spi.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ReferenceCounted;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Packets that go to several sessions, and their bytes in each framing that is asked for, encoded once. Event loop only. */
final class FrameBatch {

    /** The bytes of all packets in one framing; they belong to the batch, and who keeps them longer holds them. */
    static final class Frames {
        private final Object framing;
        private final ByteBuf bytes;
        /** Where the frame of each packet ends. */
        final int[] ends;

        private final PageFiles files;
        private final boolean isWorthAFile;
        /** The bytes once more, for sockets that take them from there; made when it is first asked for. */
        private @Nullable PageFile file;

        private boolean fileAsked;
        private int holders = 1;

        private Frames(Object framing, ByteBuf bytes, int[] ends, PageFiles files, int sockets) {
            this.framing = framing;
            this.bytes = bytes;
            this.ends = ends;
            this.files = files;
            this.isWorthAFile = PageFiles.isWorth(bytes.readableBytes(), sockets);
        }

        /** Bytes from one index to before another, as a message for a channel. */
        ReferenceCounted message(int from, int to, Outbound outbound) {
            if (isWorthAFile && outbound.takesFiles()) {
                if (!fileAsked) {
                    fileAsked = true;
                    file = files.write(bytes);
                }
                if (file != null) {
                    return file.region(from, to - from);
                }
            }
            return bytes.retainedSlice(from, to - from);
        }

        /** Keeps them beyond the batch. */
        void hold() {
            holders++;
        }

        void release() {
            if (--holders == 0) {
                bytes.release();
                if (file != null) {
                    file.release();
                }
            }
        }

        /** Of all of them. */
        int lengthBytes() {
            return bytes.readableBytes();
        }

        /** Where the frame of a packet begins. */
        int start(int packet) {
            return packet == 0 ? 0 : ends[packet - 1];
        }
    }

    private final PageFiles files = new PageFiles();
    private final List<Packet> packets = new ArrayList<>();
    private final List<Frames> encoded = new ArrayList<>(2);
    private long lengthBytes;
    /** Of the packets that bring none; counts up, as a session's do. */
    private int lastId;

    void add(Packet packet) {
        packets.add(packet);
        lengthBytes += packet.lengthBytes();
    }

    boolean isEmpty() {
        return packets.isEmpty();
    }

    int size() {
        return packets.size();
    }

    List<Packet> packets() {
        return packets;
    }

    /** Length of the packets without what a framing adds. */
    long lengthBytes() {
        return lengthBytes;
    }

    /** Their bytes for all framings of this key, which go to so many sockets at most. */
    Frames frames(Object key, Framing framing, ByteBufAllocator alloc, int sockets) {
        for (Frames present : encoded) {
            if (present.framing.equals(key)) {
                return present;
            }
        }
        Frames frames = encode(key, framing, alloc, sockets);
        encoded.add(frames);
        return frames;
    }

    private Frames encode(Object key, Framing framing, ByteBufAllocator alloc, int sockets) {
        int capacity = 0;
        for (Packet packet : packets) {
            capacity += framing.prefixLength(packet.lengthBytes()) + (int) packet.lengthBytes();
        }
        ByteBuf bytes = alloc.directBuffer(capacity);
        ByteBuffer out = bytes.internalNioBuffer(0, capacity).slice();
        int[] ends = new int[packets.size()];
        int index = 0;
        for (int i = 0; i < ends.length; i++) {
            Packet packet = packets.get(i);
            int packetLength = (int) packet.lengthBytes();
            int packetIndex = index + framing.prefixLength(packetLength);
            framing.writePrefix(out, index, packetLength);
            packet.writeTo(out, packetIndex, packet.hasMessageId() ? (int) packet.messageId() : nextId());
            framing.finish(out, index, packetIndex, packetLength);
            index = packetIndex + packetLength;
            ends[i] = index;
        }
        return new Frames(key, bytes.writerIndex(index), ends, files, sockets);
    }

    private int nextId() {
        return ++lastId == 0 ? ++lastId : lastId;
    }

    /** Forgets the packets and releases their bytes. */
    void clear() {
        packets.clear();
        lengthBytes = 0;
        for (Frames present : encoded) {
            present.release();
        }
        encoded.clear();
    }

    /** There is nobody to send to any more. */
    void end() {
        files.close();
    }
}
