package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * The packet format as the contestants without a packet library of their own write it: a 16-byte header as two
 * big-endian words, without extension header, then the payload.
 *
 * <pre>
 *   head: version 8 | compression 8 | packet type 8 | biz type 8 | message id 32
 *   tail: extension header length 16 | payload length 32 | flags 16
 * </pre>
 */
final class Wire {

    static final int HEADER_BYTES = 16;
    static final int MESSAGE_ID_OFFSET = 4;
    static final int PAYLOAD_LENGTH_OFFSET = 10;
    static final int FLAGS_BYTES = 2;

    static final int ONE_WAY = 0;
    static final int REQUEST = 1;
    static final int RESPONSE = 2;

    private static final long VERSION_AND_NO_COMPRESSION = 0x0100;

    private Wire() {}

    static long head(int packetType, int messageId) {
        return VERSION_AND_NO_COMPRESSION << 48 | (long) packetType << 40 | (messageId & 0xFFFF_FFFFL);
    }

    static long tail(int payloadLength) {
        return (payloadLength & 0xFFFF_FFFFL) << 16;
    }

    static int packetType(long head) {
        return (int) (head >>> 40) & 0xFF;
    }

    static int messageId(long head) {
        return (int) head;
    }

    /** The payload length, checked with everything else that these packets have in common. */
    static int payloadLength(long head, long tail) {
        long length = tail >>> 16;
        if (head >>> 48 != VERSION_AND_NO_COMPRESSION || length > Workload.MAX_PAYLOAD_BYTES) {
            throw new IllegalStateException(
                    "not a packet header: " + Long.toHexString(head) + " " + Long.toHexString(tail));
        }
        return (int) length;
    }

    /** Payload bytes that a client sends; never released, shared by all its packets. */
    static ByteBuf payload(int lengthBytes) {
        ByteBuf bytes = Unpooled.directBuffer(lengthBytes, lengthBytes);
        for (int i = 0; i < lengthBytes; i++) {
            bytes.writeByte(i);
        }
        return Unpooled.unreleasableBuffer(bytes);
    }

    /** One packet in a buffer of its own, the payload copied. */
    static ByteBuf packet(ByteBufAllocator allocator, int packetType, int messageId, ByteBuf payload) {
        int length = payload.readableBytes();
        ByteBuf packet = allocator.ioBuffer(HEADER_BYTES + length);
        packet.writeLong(head(packetType, messageId));
        packet.writeLong(tail(length));
        packet.writeBytes(payload, payload.readerIndex(), length);
        return packet;
    }

    /** The answer to a request for the count: decimal digits. */
    static ByteBuf countResponse(ByteBufAllocator allocator, int messageId, long count) {
        return packet(allocator, RESPONSE, messageId, countPayload(count));
    }

    static ByteBuf countPayload(long count) {
        return Unpooled.copiedBuffer(Long.toString(count), StandardCharsets.US_ASCII);
    }

    static long readCount(ByteBuf buffer, int index, int lengthBytes) {
        return Long.parseLong(buffer.toString(index, lengthBytes, StandardCharsets.US_ASCII));
    }
}
