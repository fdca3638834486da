package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** How a client asks for the wire extensions on plain TCP, and a server agrees: a request with this extension header. */
final class Hello {

    static final byte[] TEXT = "msgtrans/x1".getBytes(StandardCharsets.US_ASCII);

    private Hello() {}

    static Packet packet() {
        return Packet.builder(PacketType.REQUEST).extHeader(TEXT).build();
    }

    static boolean isHello(Packet packet) {
        return packet.type() == PacketType.REQUEST
                && packet.payloadLength() == 0
                && packet.extHeaderLength() == TEXT.length
                && Arrays.equals(packet.extHeader(), TEXT);
    }
}
