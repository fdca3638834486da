package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Packets as values of records: as on the wire. */
final class WirePackets {

    private WirePackets() {}

    /** Throws {@code ProtocolException} for what is no packet. */
    static Packet read(byte[] wire) {
        ByteBuf bytes = Unpooled.wrappedBuffer(wire);
        PacketHeader.checkFrame(bytes, 0, wire.length, Integer.MAX_VALUE - Packet.HEADER_BYTES, false);
        return Packet.view(wire, Packet.HEADER_BYTES, bytes.getLong(0), bytes.getLong(8));
    }
}
