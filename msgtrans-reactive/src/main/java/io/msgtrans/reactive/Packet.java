package io.msgtrans.reactive;

import io.msgtrans.reactive.wire.DirectMemory;
import io.msgtrans.reactive.wire.Masking;
import io.msgtrans.reactive.wire.PayloadCodec;
import io.msgtrans.reactive.wire.Words;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message: a header of 16 bytes, an extension header of up to 65,535 bytes and a payload.
 *
 * <pre>
 *   0        1            2     3     4           8         10            14      16
 *   | version| compression| type| biz | message id| ext len | payload len | flags | ext header | payload |
 * </pre>
 *
 * <p>Immutable and safe to share. Most packets lie in garbage-collected memory and need no care. Two kinds lie in a
 * Netty buffer:
 *
 * <ul>
 *   <li><b>borrowed</b>, from {@link Session#receiveBorrowed()}: valid until {@code onNext} returns; sending takes what
 *       it needs and leaves the packet alone;
 *   <li><b>owned</b>, from {@link #retain()} or {@link Builder#payload(ByteBuf)}: holds one reference to its buffer,
 *       which sending (accepted or failed) or {@link #release()} gives back. {@link Session#offer} gives it back only
 *       when it answers {@link OfferResult#ACCEPTED}.
 * </ul>
 */
public final class Packet {

    /** Bytes of the fixed header. */
    public static final int HEADER_BYTES = 16;
    /** The only version of the wire format. */
    public static final int VERSION = 1;
    /** Longest extension header that the wire format can carry. */
    public static final int MAX_EXT_HEADER_BYTES = 0xFFFF;
    /** Flag: the application split a message; visible only, nothing is reassembled. */
    public static final int FLAG_FRAGMENTED = 0x0001;
    /**
     * Flag: the packet is urgent. It passes packets that wait for the socket, and takes lane 1 where there is one; a stream that
     * it opens goes before other streams.
     */
    public static final int FLAG_HIGH_PRIORITY = 0x0002;
    /** Flag: the extension header holds a route tag of the application's own layout. */
    public static final int FLAG_HAS_ROUTE_TAG = 0x0004;

    // Marks in the place of the version byte of the first header word; the version itself is always 1.
    private static final long MARK_ID_GIVEN = 1L << 56;
    private static final long MARK_OWNED = 1L << 57;
    private static final long MARK_BORROWED = 1L << 58;
    private static final long WIRE_BITS = (1L << 56) - 1;
    private static final long VERSION_BITS = (long) VERSION << 56;

    private static final byte[] NO_BYTES = {};

    /** The header's first eight bytes, with marks instead of the version. */
    private final long head;
    /** The header's last eight bytes: ext length (16), payload length (32), flags (16). */
    private final long tail;
    /** {@code byte[]}, {@link Words} or {@link ByteBuf}: the extension header, unless it is apart, and the payload behind it. */
    private final Object source;

    /** {@code byte[]}: the extension header, or {@link Apart}: that and metadata; {@code null} when it lies in the source. */
    private final @Nullable Object apart;

    private final int position;

    private static final class Apart {
        private final byte[] ext;
        private final Metadata metadata;

        private Apart(byte[] ext, Metadata metadata) {
            this.ext = ext;
            this.metadata = metadata;
        }
    }

    private Packet(long head, long tail, Object source, int position, @Nullable Object apart) {
        this.head = head;
        this.tail = tail;
        this.source = source;
        this.position = position;
        this.apart = apart;
    }

    /** A one-way packet with a payload, which is not copied and must not be changed any more. */
    public static Packet oneWay(byte[] payload) {
        return new Packet(0, tail(0, payload.length, 0), payload, 0, null);
    }

    /** A one-way packet with a text as UTF-8. */
    public static Packet oneWay(String payload) {
        return oneWay(payload.getBytes(StandardCharsets.UTF_8));
    }

    /** A request with a payload, which is not copied and must not be changed any more. */
    public static Packet request(byte[] payload) {
        return new Packet((long) PacketType.REQUEST.code() << 40, tail(0, payload.length, 0), payload, 0, null);
    }

    /** A request with a text as UTF-8. */
    public static Packet request(String payload) {
        return request(payload.getBytes(StandardCharsets.UTF_8));
    }

    /** A packet to be described field by field. */
    public static Builder builder(PacketType type) {
        return new Builder(type);
    }

    /**
     * A packet over the bytes behind its header, from a position on, not copied. For transports and tools: the header must have
     * been checked ({@code PacketHeader.check}), and the bytes must not be changed any more.
     */
    public static Packet view(byte[] bytes, int position, long head, long tail) {
        return new Packet((head & WIRE_BITS) | MARK_ID_GIVEN, tail, bytes, position, null);
    }

    /** The same over bytes that lie in {@link Words}. */
    public static Packet view(long[] words, long head, long tail) {
        return new Packet((head & WIRE_BITS) | MARK_ID_GIVEN, tail, words, 0, null);
    }

    /**
     * As {@link #view(byte[], int, long, long)} over a copy of the bytes behind the header, or, borrowed, over a buffer that
     * the caller keeps alive while the packet is used.
     */
    public static Packet read(ByteBuf wire, int index, long head, long tail, boolean borrow) {
        // One place where it is made, so that one that nobody keeps need not exist (escape analysis).
        Object source = wire;
        int position = index + HEADER_BYTES;
        long marks = MARK_ID_GIVEN | MARK_BORROWED;
        if (!borrow) {
            source = DirectMemory.copy(wire, position, (int) (tail >>> 48) + (int) (tail >>> 16));
            position = 0;
            marks = MARK_ID_GIVEN;
        }
        return new Packet((head & WIRE_BITS) | marks, tail, source, position, null);
    }

    /** What it is for. */
    public PacketType type() {
        int type = (int) (head >>> 40) & 0xFF;
        return type == 0 ? PacketType.ONE_WAY : type == 1 ? PacketType.REQUEST : PacketType.RESPONSE;
    }

    /** Whether it answers a request. */
    public boolean isResponse() {
        return (head >>> 40 & 0xFF) == 2;
    }

    /** How the payload is compressed as it lies in this packet. Received packets are inflated already. */
    public Compression compression() {
        int compression = (int) (head >>> 48) & 0xFF;
        return compression == 0 ? Compression.NONE : compression == 1 ? Compression.ZSTD : Compression.ZLIB;
    }

    /** The application's own number, 0..255. */
    public int bizType() {
        return (int) (head >>> 32) & 0xFF;
    }

    /** The message id as an unsigned 32-bit number; 0 when the session shall choose it. */
    public long messageId() {
        return head & 0xFFFFFFFFL;
    }

    /** Whether the packet brings its message id, as received packets do; otherwise the session chooses it. */
    public boolean hasMessageId() {
        return (head & MARK_ID_GIVEN) != 0;
    }

    /** The 16 flag bits, unknown ones included. */
    public int flags() {
        return (int) tail & 0xFFFF;
    }

    /** Whether all bits of a flag are set. */
    public boolean hasFlag(int flag) {
        return (tail & flag) == flag;
    }

    /** Length of the extension header in bytes. */
    public int extHeaderLength() {
        return (int) (tail >>> 48);
    }

    /** Length of the payload in bytes. */
    public int payloadLength() {
        return (int) (tail >>> 16);
    }

    /** Length on the wire in bytes: header, extension header and payload. */
    public long lengthBytes() {
        return HEADER_BYTES + (tail >>> 48) + ((tail >>> 16) & 0xFFFFFFFFL);
    }

    /** A copy of the extension header. */
    public byte[] extHeader() {
        Object ext = apart;
        return ext != null ? ext(ext).clone() : copy(position, extHeaderLength());
    }

    /** The extension header as UTF-8. */
    public String extHeaderText() {
        return new String(extHeader(), StandardCharsets.UTF_8);
    }

    /** A copy of the payload. */
    public byte[] payload() {
        return copy(payloadPosition(), payloadLength());
    }

    /** The payload as UTF-8. */
    public String payloadText() {
        return source instanceof byte[] array
                ? new String(array, payloadPosition(), payloadLength(), StandardCharsets.UTF_8)
                : new String(payload(), StandardCharsets.UTF_8);
    }

    /** A read-only view of the payload, valid as long as the packet; a copy if that is a received one of 128 bytes and less. */
    public ByteBuffer payloadBuffer() {
        Object bytes = source;
        ByteBuffer view = bytes instanceof byte[] array
                ? ByteBuffer.wrap(array, payloadPosition(), payloadLength()).slice()
                : bytes instanceof ByteBuf buffer
                        ? buffer.nioBuffer(payloadPosition(), payloadLength())
                        : ByteBuffer.wrap(payload());
        return view.asReadOnlyBuffer();
    }

    /** The byte of the payload at an index. */
    public byte payloadByte(int index) {
        if (index < 0 || index >= payloadLength()) {
            throw new IndexOutOfBoundsException("index " + index + " of a payload of " + payloadLength() + " bytes");
        }
        Object bytes = source;
        int at = payloadPosition() + index;
        return bytes instanceof byte[] array
                ? array[at]
                : bytes instanceof long[] words ? Words.byteAt(words, at) : ((ByteBuf) bytes).getByte(at);
    }

    /** A response to this request: same message id and biz type, with a payload that is not copied. */
    public Packet response(byte[] payload) {
        return responseBuilder().payload(payload).build();
    }

    /** A response to this request with a text as UTF-8. */
    public Packet response(String payload) {
        return response(payload.getBytes(StandardCharsets.UTF_8));
    }

    /** A response to this request, to be described field by field: same message id, biz type and priority. */
    public Builder responseBuilder() {
        return new Builder(PacketType.RESPONSE)
                .messageId(messageId())
                .bizType(bizType())
                .flags(flags() & FLAG_HIGH_PRIORITY);
    }

    /** The same packet with another type; shares the memory, and the reference if this packet is owned. */
    public Packet withType(PacketType type) {
        return type() == type
                ? this
                : new Packet((head & ~(0xFFL << 40)) | ((long) type.code() << 40), tail, source, position, apart);
    }

    /** The same packet with a message id; shares the memory, and the reference if this packet is owned. */
    public Packet withMessageId(long messageId) {
        return new Packet((head & ~0xFFFFFFFFL) | checkId(messageId) | MARK_ID_GIVEN, tail, source, position, apart);
    }

    /** The same packet with an extension header, not copied; shares the memory, and the reference if it is owned. */
    public Packet withExtHeader(byte[] ext) {
        if (ext.length > MAX_EXT_HEADER_BYTES) {
            throw new IllegalArgumentException(
                    "extension header of " + ext.length + " bytes is above the limit " + MAX_EXT_HEADER_BYTES);
        }
        return new Packet(
                head, tail(ext.length, payloadLength(), flags()), source, payloadPosition(), apart(ext, metadata()));
    }

    /**
     * The same packet with metadata; shares the memory, and the reference if it is owned. Metadata is not sent with a packet:
     * {@link SessionOptions#contextKeys} says what is.
     */
    public Packet withMetadata(Metadata metadata) {
        return new Packet(head, tail, source, payloadPosition(), apart(extHeader(), metadata));
    }

    /** What the peer sent beside a request or the first packet of a stream; empty when nothing was agreed or sent. */
    public Metadata metadata() {
        return apart instanceof Apart both ? both.metadata : Metadata.NONE;
    }

    private static Object apart(byte[] ext, Metadata metadata) {
        return metadata.isEmpty() ? ext : new Apart(ext, metadata);
    }

    private static byte[] ext(Object apart) {
        return apart instanceof byte[] ext ? ext : ((Apart) apart).ext;
    }

    /** Whether the packet is valid only during {@code onNext}. */
    public boolean isBorrowed() {
        return (head & MARK_BORROWED) != 0;
    }

    /** Whether the packet holds a reference to a buffer, which sending or {@link #release()} gives back. */
    public boolean isOwned() {
        return (head & MARK_OWNED) != 0;
    }

    /** A packet of the same bytes that holds its own reference to the buffer; this packet when it needs none. */
    public Packet retain() {
        if (source instanceof ByteBuf buffer) {
            buffer.retain();
            return new Packet((head & ~MARK_BORROWED) | MARK_OWNED, tail, source, position, apart);
        }
        return this;
    }

    /** Gives back the reference of an owned packet that is not sent; nothing for other packets. */
    public void release() {
        if (isOwned()) {
            ((ByteBuf) source).release();
        }
    }

    /**
     * A packet with garbage-collected memory of its own of just the size needed: for one that is borrowed or owned, or that a
     * larger array was given to. Does not release an owned packet.
     */
    public Packet compact() {
        int extLength = extHeaderLength();
        int payloadLength = payloadLength();
        if (source instanceof long[]
                || (source instanceof byte[] array && array.length <= extLength + payloadLength + HEADER_BYTES)) {
            return this;
        }
        byte[] bytes = new byte[extLength + payloadLength];
        copyExt(bytes);
        copyInto(payloadPosition(), bytes, extLength, payloadLength);
        Packet compact = new Packet(head & ~(MARK_BORROWED | MARK_OWNED), tail, bytes, 0, null);
        return apart instanceof Apart both ? compact.withMetadata(both.metadata) : compact;
    }

    /** This packet with a payload that replaces the present one, and how that is compressed. */
    public Packet withPayload(byte[] payload, Compression compression) {
        long newHead = (head & ~(0xFFL << 48) & ~(MARK_BORROWED | MARK_OWNED)) | ((long) compression.code() << 48);
        byte[] ext = extHeaderLength() == 0 ? NO_BYTES : extHeader();
        return new Packet(newHead, tail(ext.length, payload.length, flags()), payload, 0, apart(ext, metadata()));
    }

    /** The first eight bytes on the wire, big-endian, with this message id. */
    public long headWord(int messageId) {
        return (head & 0x00FFFFFF_00000000L) | VERSION_BITS | (messageId & 0xFFFFFFFFL);
    }

    /** The second eight bytes on the wire, big-endian. */
    public long tailWord() {
        return tail;
    }

    /** Writes header, extension header and payload at an absolute index; the buffer's position is not used. */
    public void writeTo(ByteBuffer out, int index, int messageId) {
        write(out, index, headWord(messageId), tail, source, position, apart);
    }

    /** The same, masked as WebSocket clients do (RFC 6455 §5.3). */
    public void writeMaskedTo(ByteBuffer out, int index, int messageId, int key) {
        if (apart == null && source instanceof byte[] array) {
            int length = extHeaderLength() + payloadLength();
            Masking.copy(headWord(messageId), tail, array, position, out, index, length, key);
        } else {
            writeTo(out, index, messageId);
            Masking.apply(out, index, (int) lengthBytes(), key);
        }
    }

    // Gets the fields instead of the packet, so that a packet that is made only to be sent need not exist (escape
    // analysis).
    private static void write(
            ByteBuffer out, int index, long head, long tail, Object source, int position, @Nullable Object apart) {
        out.putLong(index, head);
        out.putLong(index + 8, tail);
        int extLength = (int) (tail >>> 48);
        int payloadLength = (int) (tail >>> 16);
        int body = index + HEADER_BYTES;
        if (apart != null) {
            out.put(body, ext(apart));
            copy(source, position, out, body + extLength, payloadLength);
        } else if (source instanceof byte[] array) {
            out.put(body, array, position, extLength + payloadLength);
        } else {
            copy(source, position, out, body, extLength + payloadLength);
        }
    }

    private static void copy(Object source, int from, ByteBuffer out, int index, int length) {
        if (source instanceof byte[] array) {
            out.put(index, array, from, length);
        } else if (source instanceof long[] words) {
            Words.copy(words, from, out, index, length);
        } else if (length > 0) {
            int limit = out.limit();
            int before = out.position();
            Objects.checkFromIndexSize(index, length, limit);
            out.limit(index + length).position(index); // and not a view of either, which would be an object per packet
            try {
                ((ByteBuf) source).getBytes(from, out);
            } finally {
                out.limit(limit).position(before);
            }
        }
    }

    /** Writes header and extension header only, for a payload that is written apart. */
    public void writeHeadersTo(ByteBuffer out, int index, int messageId) {
        out.putLong(index, headWord(messageId));
        out.putLong(index + 8, tail);
        int extLength = extHeaderLength();
        if (extLength > 0) {
            out.put(index + HEADER_BYTES, extHeader());
        }
    }

    /**
     * Writes a part of the payload at an absolute index.
     *
     * @throws IndexOutOfBoundsException when the payload is shorter, or the buffer
     */
    public void writePayloadTo(ByteBuffer out, int index, int from, int length) {
        Objects.checkFromIndexSize(from, length, payloadLength()); // what lies behind it may be anybody's
        copy(source, payloadPosition() + from, out, index, length);
    }

    /** The packet's bytes on the wire, in an array of their own. */
    public byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(lengthBytes()));
        writeTo(out, 0, (int) messageId());
        return out.array();
    }

    /**
     * The payload as a direct buffer that can be written without a copy, or {@code null} when it lies in heap memory.
     * The caller gets a reference of its own.
     */
    public @Nullable ByteBuf retainedPayload() {
        return source instanceof ByteBuf buffer && !buffer.hasArray()
                ? buffer.retainedSlice(payloadPosition(), payloadLength())
                : null;
    }

    private int payloadPosition() {
        return apart != null ? position : position + (int) (tail >>> 48);
    }

    private byte[] copy(int from, int length) {
        byte[] target = new byte[length];
        copyInto(from, target, 0, length);
        return target;
    }

    private void copyExt(byte[] target) {
        Object ext = apart;
        if (ext != null) {
            System.arraycopy(ext(ext), 0, target, 0, extHeaderLength());
        } else {
            copyInto(position, target, 0, extHeaderLength());
        }
    }

    private void copyInto(int from, byte[] target, int at, int length) {
        if (source instanceof byte[] array) {
            System.arraycopy(array, from, target, at, length);
        } else if (source instanceof long[] words) {
            Words.copy(words, from, target, at, length);
        } else {
            ((ByteBuf) source).getBytes(from, target, at, length);
        }
    }

    private static long checkId(long messageId) {
        if (messageId < 0 || messageId > 0xFFFFFFFFL) {
            throw new IllegalArgumentException("messageId " + messageId + " is outside 0..4294967295");
        }
        return messageId;
    }

    private static long tail(int extLength, int payloadLength, int flags) {
        return ((long) extLength << 48) | ((long) payloadLength << 16) | flags;
    }

    /** Equal when the bytes on the wire are equal. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Packet that
                && (head & WIRE_BITS) == (that.head & WIRE_BITS)
                && tail == that.tail
                && Arrays.equals(extHeader(), that.extHeader())
                && payloadBuffer().equals(that.payloadBuffer());
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(head & WIRE_BITS) + payloadBuffer().hashCode();
    }

    @Override
    public String toString() {
        int shown = Math.min(payloadLength(), 32);
        String hex = ByteBufUtil.hexDump(copy(payloadPosition(), shown));
        return "Packet[" + type() + " id=" + (hasMessageId() ? messageId() : "?") + " biz=" + bizType()
                + (compression() == Compression.NONE ? "" : " " + compression())
                + (flags() == 0 ? "" : " flags=0x" + Integer.toHexString(flags()))
                + (extHeaderLength() == 0 ? "" : " ext=" + extHeaderLength())
                + " payload=" + payloadLength() + (shown == 0 ? "" : " " + hex + (shown < payloadLength() ? "…" : ""))
                + "]";
    }

    /** Describes a packet field by field. Not for use by several threads. */
    public static final class Builder {

        private final PacketType type;
        private Compression compression = Compression.NONE;
        private int bizType;
        private long messageId;
        private boolean idGiven;
        private int flags;
        private byte[] ext = NO_BYTES;
        private Object payload = NO_BYTES;

        private Builder(PacketType type) {
            this.type = type;
        }

        /** The application's own number, 0..255; default 0. */
        public Builder bizType(int bizType) {
            if (bizType < 0 || bizType > 255) {
                throw new IllegalArgumentException("bizType " + bizType + " is outside 0..255");
            }
            this.bizType = bizType;
            return this;
        }

        /** The message id, 0..2^32-1; by default the session chooses it. */
        public Builder messageId(long messageId) {
            this.messageId = checkId(messageId);
            idGiven = true;
            return this;
        }

        /** The flag bits, 0..0xFFFF; default 0. */
        public Builder flags(int flags) {
            if (flags < 0 || flags > 0xFFFF) {
                throw new IllegalArgumentException("flags " + flags + " is outside 0..65535");
            }
            this.flags = flags;
            return this;
        }

        /**
         * How {@link #build()} shall compress the payload; default none. The packet then holds, and is as long as, the
         * compressed payload. Do not compress towards a peer that may have been built without the codec.
         */
        public Builder compression(Compression compression) {
            this.compression = compression;
            return this;
        }

        /** The extension header, at most 65,535 bytes, not copied; default empty. */
        public Builder extHeader(byte[] ext) {
            if (ext.length > MAX_EXT_HEADER_BYTES) {
                throw new IllegalArgumentException(
                        "extension header of " + ext.length + " bytes is above the limit 65535 of the wire format");
            }
            this.ext = ext;
            return this;
        }

        /** The extension header as UTF-8. */
        public Builder extHeader(String ext) {
            return extHeader(ext.getBytes(StandardCharsets.UTF_8));
        }

        /** The payload, not copied; must not be changed any more. */
        public Builder payload(byte[] payload) {
            this.payload = payload;
            return this;
        }

        /** The payload as UTF-8. */
        public Builder payload(String payload) {
            return payload(payload.getBytes(StandardCharsets.UTF_8));
        }

        /** The payload: the readable bytes of a buffer, whose reference passes to the packet, which is then owned. */
        public Builder payload(ByteBuf payload) {
            this.payload = payload;
            return this;
        }

        /**
         * The packet.
         *
         * @throws PayloadException when zstd is asked for and {@code zstd-jni} is not on the class path
         */
        public Packet build() {
            if (compression != Compression.NONE) {
                payload = PayloadCodec.compress(compression, takePayload());
            }
            long head = ((long) compression.code() << 48)
                    | ((long) type.code() << 40)
                    | ((long) bizType << 32)
                    | messageId
                    | (idGiven ? MARK_ID_GIVEN : 0);
            if (payload instanceof byte[] array) {
                return new Packet(head, tail(ext.length, array.length, flags), array, 0, ext.length == 0 ? null : ext);
            }
            ByteBuf buffer = (ByteBuf) payload;
            return new Packet(
                    head | MARK_OWNED,
                    tail(ext.length, buffer.readableBytes(), flags),
                    buffer,
                    buffer.readerIndex(),
                    ext.length == 0 ? null : ext);
        }

        private byte[] takePayload() {
            if (payload instanceof byte[] array) {
                return array;
            }
            ByteBuf buffer = (ByteBuf) payload;
            try {
                return ByteBufUtil.getBytes(buffer);
            } finally {
                buffer.release();
            }
        }
    }
}
