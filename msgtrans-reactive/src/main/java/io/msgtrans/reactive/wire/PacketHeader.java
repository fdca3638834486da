package io.msgtrans.reactive.wire;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * The fixed header as two big-endian words of eight bytes, and the rules that both must keep.
 *
 * <pre>
 *   head: | version 8 | compression 8 | type 8 | biz 8 | message id 32 |
 *   tail: | extension header length 16 | payload length 32 | flags 16 |
 * </pre>
 */
public final class PacketHeader {

    private static final int FIRST_EXTENSION_TYPE = 16;
    private static final int LAST_EXTENSION_TYPE = 31;

    private PacketHeader() {}

    /**
     * Checks a header before anything is reserved for what it declares, and returns the length of its packet.
     *
     * @param maxPayload largest payload in bytes, inclusive
     * @throws ProtocolException naming the field, its value and the limit
     */
    public static long check(long head, long tail, int maxPayload) {
        if (!isUsual(head)) {
            checkExtension(head);
        }
        long payload = payloadLength(tail);
        if (payload > maxPayload) {
            throw new ProtocolException(
                    Rule.TOO_LARGE,
                    "payload of " + payload + " bytes is above the limit " + maxPayload + " (option maxPayload)");
        }
        return length(tail);
    }

    /** Whether a head is one of v1 without extensions: version 1, compression 0..2, type 0..2. */
    public static boolean isUsual(long head) {
        return isPlain(head) // most are: one comparison
                || ((head >>> 56) == Packet.VERSION && (head >>> 48 & 0xFF) <= 2 && (head >>> 40 & 0xFF) <= 2);
    }

    /** Whether a head is that of an uncompressed one-way packet. */
    public static boolean isPlain(long head) {
        return head >>> 40 == (long) Packet.VERSION << 16;
    }

    /** How long a packet is, as its tail says. */
    public static long length(long tail) {
        return Packet.HEADER_BYTES + (tail >>> 48) + payloadLength(tail);
    }

    /** How long its payload is. */
    public static long payloadLength(long tail) {
        return tail >>> 16 & 0xFFFFFFFFL;
    }

    /** Whether a packet is a frame of the wire extensions, which a session allows when they were agreed on. */
    public static boolean isExtension(long head) {
        long type = head >>> 40 & 0xFF;
        return type >= FIRST_EXTENSION_TYPE && type <= LAST_EXTENSION_TYPE;
    }

    private static void checkExtension(long head) {
        if ((head >>> 56) != Packet.VERSION || (head >>> 48 & 0xFF) > 2 || !isExtension(head)) {
            throw malformed(head);
        }
    }

    /** Why a header is refused that is not one of v1. */
    public static ProtocolException malformed(long head) {
        long version = head >>> 56;
        if (version != Packet.VERSION) {
            return new ProtocolException(Rule.MALFORMED, "version " + version + " is not 1");
        }
        long compression = head >>> 48 & 0xFF;
        return compression > 2
                ? new ProtocolException(Rule.MALFORMED, "compression " + compression + " is outside 0..2")
                : new ProtocolException(Rule.MALFORMED, "packet type " + (head >>> 40 & 0xFF) + " is outside 0..2");
    }

    /**
     * Checks the packet that fills a frame: header rules, and lengths that match the frame.
     *
     * @param ignoreTrailing whether bytes behind the packet are allowed
     * @throws ProtocolException naming what was wrong
     */
    public static void checkFrame(ByteBuf in, int index, int length, int maxPayload, boolean ignoreTrailing) {
        if (length < Packet.HEADER_BYTES) {
            throw new ProtocolException(Rule.MALFORMED, "frame of " + length + " bytes is shorter than a header");
        }
        long packet = check(in.getLong(index), in.getLong(index + 8), maxPayload);
        if (packet > length) {
            throw new ProtocolException(
                    Rule.MALFORMED, "packet declares " + packet + " bytes, its frame has " + length);
        }
        if (packet < length && !ignoreTrailing) {
            throw new ProtocolException(
                    Rule.MALFORMED,
                    (length - packet) + " bytes behind the packet in its frame (option ignoreTrailingBytes)");
        }
    }

    /**
     * Reads one packet from the start of an array; bytes behind it are left alone.
     *
     * @return a packet over the array, not copied
     * @throws ProtocolException when the bytes are no whole packet
     */
    public static Packet read(byte[] wire, int offset, int maxPayload) {
        int available = wire.length - offset;
        if (available < Packet.HEADER_BYTES) {
            throw new ProtocolException(Rule.MALFORMED, available + " bytes are shorter than a header");
        }
        ByteBuffer bytes = ByteBuffer.wrap(wire);
        long head = bytes.getLong(offset);
        long tail = bytes.getLong(offset + 8);
        long length = check(head, tail, maxPayload);
        if (length > available) {
            throw new ProtocolException(
                    Rule.MALFORMED, "packet declares " + length + " bytes, " + available + " are there");
        }
        return Packet.view(wire, offset + Packet.HEADER_BYTES, head, tail);
    }
}
