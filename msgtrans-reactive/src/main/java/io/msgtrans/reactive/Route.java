package io.msgtrans.reactive;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Router} goes by: a route tag, which is the extension header of a packet with {@link
 * Packet#FLAG_HAS_ROUTE_TAG}, or a biz type for packets without one.
 *
 * @param tag the tag, or {@code null}
 * @param bizType the biz type, where there is no tag
 */
public record Route(@Nullable String tag, int bizType) {

    /** Packets with this tag, whatever their biz type. */
    public static Route tag(String tag) {
        return new Route(tag, 0);
    }

    /** Packets with this biz type and no tag. */
    public static Route bizType(int bizType) {
        return new Route(null, bizType);
    }

    /** The route of a packet. */
    public static Route of(Packet packet) {
        return packet.hasFlag(Packet.FLAG_HAS_ROUTE_TAG) ? tag(packet.extHeaderText()) : bizType(packet.bizType());
    }

    /** A packet to be described further that takes this route. */
    public Packet.Builder packet(PacketType type) {
        Packet.Builder builder = Packet.builder(type);
        return tag == null
                ? builder.bizType(bizType)
                : builder.flags(Packet.FLAG_HAS_ROUTE_TAG).extHeader(tag.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return tag == null ? "biz type " + bizType : "tag " + tag;
    }
}
