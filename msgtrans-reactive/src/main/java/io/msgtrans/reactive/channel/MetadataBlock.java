package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Deadline;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Metadata;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.Tracing;
import io.msgtrans.reactive.delivery.DeliveryMark;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * How {@link Metadata} lies at the start of an extension header:
 *
 * <pre>
 *   | u16 length of the entries | entry ... |        entry: | u8 kind | u16 length | bytes |
 *
 *   kind 1, deadline: u32 milliseconds left          kind 2, value: u8 length of the key, key, value, both UTF-8
 *   kind 3, delivery: u64 producer, u64 sequence, u64 lowest that it holds
 * </pre>
 */
final class MetadataBlock {

    private static final int DEADLINE = 1;
    private static final int VALUE = 2;
    private static final int DELIVERY = 3;
    private static final int DELIVERY_BYTES = 24;
    private static final int LENGTH_BYTES = 2;
    private static final int ENTRY_BYTES = 3;

    private MetadataBlock() {}

    /**
     * The block that goes with a packet, {@code null} when there is nothing to send.
     *
     * @param left until the caller gives up, or {@code null} when it waits for ever
     * @param carried further values
     * @param extLength length of the packet's own extension header
     * @throws LimitException when both together are longer than an extension header may be
     */
    static byte @Nullable [] encode(
            SessionOptions options,
            ContextView context,
            @Nullable Duration left,
            Map<String, String> carried,
            int extLength) {
        DeliveryMark delivery = context.isEmpty() ? null : context.getOrDefault(DeliveryMark.class, null);
        if (!options.deadlines() && options.contextKeys().isEmpty() && delivery == null && carried.isEmpty()) {
            return null; // before anything is made: this is on the way of every request
        }
        ByteArrayOutputStream entries = new ByteArrayOutputStream();
        if (left != null && options.deadlines()) {
            long millis = Math.max(1, Math.min(left.toMillis(), Integer.MAX_VALUE));
            entry(entries, DEADLINE, ByteBuffer.allocate(4).putInt((int) millis).array());
        }
        if (delivery != null) {
            entry(
                    entries,
                    DELIVERY,
                    ByteBuffer.allocate(DELIVERY_BYTES)
                            .putLong(delivery.producer())
                            .putLong(delivery.sequence())
                            .putLong(delivery.lowest())
                            .array());
        }
        for (String key : options.contextKeys()) {
            Object value = context.getOrDefault(key, null);
            if (value != null) {
                value(entries, key, value.toString());
            }
        }
        carried.forEach((key, value) -> value(entries, key, value));
        if (entries.size() == 0) {
            return null;
        }
        int whole = LENGTH_BYTES + entries.size() + extLength;
        if (whole > Packet.MAX_EXT_HEADER_BYTES - Frames.CREDIT_BYTES) {
            throw LimitException.tooLarge(
                    "extension header with the values of the context",
                    "contextKeys",
                    Packet.MAX_EXT_HEADER_BYTES - Frames.CREDIT_BYTES,
                    whole);
        }
        return ByteBuffer.allocate(LENGTH_BYTES + entries.size())
                .putShort((short) entries.size())
                .put(entries.toByteArray())
                .array();
    }

    private static void value(ByteArrayOutputStream entries, String key, String value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        byte[] valueBytes = value.getBytes(StandardCharsets.UTF_8);
        entry(
                entries,
                VALUE,
                ByteBuffer.allocate(1 + keyBytes.length + valueBytes.length)
                        .put((byte) keyBytes.length)
                        .put(keyBytes)
                        .put(valueBytes)
                        .array());
    }

    /** The extension header of a packet with metadata before its own. */
    static byte[] before(Packet packet, byte[] metadata) {
        byte[] own = packet.extHeader();
        return ByteBuffer.allocate(metadata.length + own.length)
                .put(metadata)
                .put(own)
                .array();
    }

    private static void entry(ByteArrayOutputStream entries, int kind, byte[] value) {
        entries.write(kind);
        entries.write(value.length >> 8);
        entries.write(value.length);
        entries.writeBytes(value);
    }

    /** Takes the block from the start of a packet's extension header. */
    static Packet decode(Packet packet, SessionOptions options) {
        ByteBuffer ext = ByteBuffer.wrap(packet.extHeader());
        int length = ext.remaining() < LENGTH_BYTES ? -1 : ext.getShort() & 0xFFFF;
        if (length < 0 || length > ext.remaining()) {
            throw broken(length, ext.remaining());
        }
        ByteBuffer own = ext.slice(ext.position() + length, ext.remaining() - length);
        ext.limit(ext.position() + length);
        Metadata metadata = read(ext, options);
        byte[] rest = new byte[own.remaining()];
        own.get(rest);
        return packet.withExtHeader(rest).withMetadata(metadata);
    }

    private static Metadata read(ByteBuffer entries, SessionOptions options) {
        Deadline deadline = null;
        DeliveryMark delivery = null;
        Map<String, String> values = new HashMap<>();
        while (entries.hasRemaining()) {
            if (entries.remaining() < ENTRY_BYTES) {
                throw broken(ENTRY_BYTES, entries.remaining());
            }
            int kind = entries.get();
            int length = entries.getShort() & 0xFFFF;
            if (length > entries.remaining()) {
                throw broken(length, entries.remaining());
            }
            ByteBuffer value = entries.slice(entries.position(), length);
            entries.position(entries.position() + length);
            if (kind == DEADLINE && length == 4) {
                deadline = Deadline.in(Duration.ofMillis(value.getInt() & 0xFFFFFFFFL));
            } else if (kind == DELIVERY && length == DELIVERY_BYTES) {
                delivery = new DeliveryMark(value.getLong(), value.getLong(), value.getLong());
            } else if (kind == VALUE && length > 0) {
                readValue(value, options, values);
            }
        }
        return deadline == null && values.isEmpty() && delivery == null
                ? Metadata.NONE
                : new Metadata(deadline, values, delivery);
    }

    private static void readValue(ByteBuffer value, SessionOptions options, Map<String, String> values) {
        int keyLength = value.get() & 0xFF;
        if (keyLength > value.remaining()) {
            throw broken(keyLength, value.remaining());
        }
        byte[] key = new byte[keyLength];
        value.get(key);
        String name = new String(key, StandardCharsets.UTF_8);
        Tracing tracing = options.tracing();
        if (options.contextKeys().contains(name)
                || (tracing != null && tracing.fields().contains(name))) {
            values.put(name, StandardCharsets.UTF_8.decode(value).toString());
        }
    }

    private static ProtocolException broken(int length, int left) {
        return new ProtocolException(
                Rule.MALFORMED, "metadata of a request declares " + length + " bytes where " + left + " are left");
    }
}
