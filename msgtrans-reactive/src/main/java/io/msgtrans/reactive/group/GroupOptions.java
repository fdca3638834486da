package io.msgtrans.reactive.group;

import io.msgtrans.reactive.Packet;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How a group treats its members. Immutable: each method returns a changed copy. */
public final class GroupOptions implements Cloneable {

    /** The defaults. */
    public static final GroupOptions DEFAULTS = new GroupOptions();

    // Never written after the copy that a method returns has left it.
    private SlowMembers slowMembers = SlowMembers.DROP_OLDEST;
    /** 0 for that of the policy. */
    private int backlogPackets;

    private int backlogBytes = 1 << 20;
    private int pendingPackets = 16_384;
    private int pendingBytes = 16 << 20;
    private @Nullable Function<? super Packet, ?> conflation;

    private GroupOptions() {}

    /** What happens when a backlog is full; default {@link SlowMembers#DROP_OLDEST}. */
    public GroupOptions slowMembers(SlowMembers policy) {
        GroupOptions copy = copy();
        copy.slowMembers = Objects.requireNonNull(policy, "slowMembers");
        return copy;
    }

    public SlowMembers slowMembers() {
        return slowMembers;
    }

    /**
     * Packets that may wait for a member's socket, 1..1,048,576; default 1,024, and 1 with {@link SlowMembers#WAIT}: members that go in
     * step find what they share in the processor's cache, and those that run ahead gain nothing in the end.
     */
    public GroupOptions backlogPackets(int packets) {
        GroupOptions copy = copy();
        copy.backlogPackets = between("backlogPackets", packets, 1, 1 << 20);
        return copy;
    }

    public int backlogPackets() {
        if (backlogPackets > 0) {
            return backlogPackets;
        }
        return slowMembers == SlowMembers.WAIT ? 1 : 1024;
    }

    /** Bytes that may wait for a member's socket, 1 KiB..1 GiB; default 1 MiB; one packet is always let in. */
    public GroupOptions backlogBytes(int bytes) {
        GroupOptions copy = copy();
        copy.backlogBytes = between("backlogBytes", bytes, 1024, 1 << 30);
        return copy;
    }

    public int backlogBytes() {
        return backlogBytes;
    }

    /** Packets that may wait for each event loop to send them to its members, 1..1,048,576; default 16,384. */
    public GroupOptions pendingPackets(int packets) {
        GroupOptions copy = copy();
        copy.pendingPackets = between("pendingPackets", packets, 1, 1 << 20);
        return copy;
    }

    public int pendingPackets() {
        return pendingPackets;
    }

    /** Bytes that may wait for each event loop, 1 KiB..1 GiB; default 16 MiB; one packet is always let in. */
    public GroupOptions pendingBytes(int bytes) {
        GroupOptions copy = copy();
        copy.pendingBytes = between("pendingBytes", bytes, 1024, 1 << 30);
        return copy;
    }

    public int pendingBytes() {
        return pendingBytes;
    }

    /**
     * In a backlog, a packet takes the place of an older one with the same key: a slow member gets the latest state of each key,
     * and skips those between. By default packets have no keys. The function is called on event loops; a
     * packet for which it fails is dropped for the members that are behind.
     */
    public GroupOptions conflateBy(Function<? super Packet, ?> key) {
        GroupOptions copy = copy();
        copy.conflation = Objects.requireNonNull(key, "conflateBy");
        return copy;
    }

    public @Nullable Function<? super Packet, ?> conflation() {
        return conflation;
    }

    private static int between(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(option + " " + value + " is outside " + min + ".." + max);
        }
        return value;
    }

    private GroupOptions copy() {
        try {
            return (GroupOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
