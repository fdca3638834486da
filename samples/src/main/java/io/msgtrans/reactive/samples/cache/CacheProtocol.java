package io.msgtrans.reactive.samples.cache;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keys travel in the extension header, values as payload, what is asked for as biz type. Between nodes the extension header begins
 * with the version of the value:
 *
 * <pre>
 *   | version u64 | key |
 * </pre>
 */
final class CacheProtocol {

    static final int GET = 1;
    static final int SET = 2;
    static final int DELETE = 3;
    /** Between nodes: a value, or none, under a version. */
    static final int REPLICATE = 4;
    /** Between nodes: asks for everything, as a stream of {@link #REPLICATE}. */
    static final int SNAPSHOT = 5;
    /** An answer without a value. */
    static final int NOTHING = 6;
    /** Between nodes: the key has no value. */
    static final int GONE = 7;

    /** Between nodes: asks for an answer when everything that waits for the asking node, whose address is the payload, is there. */
    static final int SYNC = 8;

    private static final byte[] NONE = {};

    private CacheProtocol() {}

    static Packet get(String key) {
        return request(GET, key, NONE);
    }

    static Packet set(String key, byte[] value) {
        return request(SET, key, value);
    }

    static Packet delete(String key) {
        return request(DELETE, key, NONE);
    }

    static Packet snapshot() {
        return request(SNAPSHOT, "", NONE);
    }

    static Packet sync(String uri) {
        return request(SYNC, "", uri.getBytes(StandardCharsets.UTF_8));
    }

    /** Goes the way of versions and changes nothing. */
    static Packet marker() {
        return Packet.builder(PacketType.ONE_WAY).bizType(SYNC).build();
    }

    private static Packet request(int biz, String key, byte[] value) {
        return Packet.builder(PacketType.REQUEST)
                .bizType(biz)
                .extHeader(key)
                .payload(value)
                .build();
    }

    /** A version of a key for another node. */
    static Packet replicate(CacheStore.Entry entry) {
        byte[] key = entry.key().getBytes(StandardCharsets.UTF_8);
        byte[] ext = ByteBuffer.allocate(Long.BYTES + key.length)
                .putLong(entry.version())
                .put(key)
                .array();
        byte[] value = entry.value();
        return Packet.builder(PacketType.ONE_WAY)
                .bizType(value == null ? GONE : REPLICATE)
                .extHeader(ext)
                .payload(value == null ? NONE : value)
                .build();
    }

    static CacheStore.Entry entry(Packet packet) {
        byte[] ext = packet.extHeader();
        String key = new String(Arrays.copyOfRange(ext, Long.BYTES, ext.length), StandardCharsets.UTF_8);
        return new CacheStore.Entry(
                key, ByteBuffer.wrap(ext).getLong(), packet.bizType() == GONE ? null : packet.payload());
    }
}
