package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.CloseReason.Kind;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.SlowMembers;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * A session in a group, and what waits there for its socket. While nothing waits and the socket takes more, what is broadcast is
 * written at once; else it goes to the backlog, which the session's outbound asks in turn with its other senders. The backlog
 * holds ranges of the shared bytes, or packets where they are conflated by key or the framing's bytes cannot be shared. Event
 * loop only.
 */
final class GroupMember extends Sender {

    private static final Logger log = Loggers.getLogger(Session.class);

    private final SessionGroup group;
    private final GroupShard shard;
    private final ChannelSession session;
    private final Outbound outbound;
    /** Of the bytes that it shares; {@code null} when it shares none. */
    private final @Nullable Object framingKey;

    private final @Nullable Function<? super Packet, ?> conflation;

    /** Its place in the shard; -1 when it is not, or no longer, a member. */
    private int index = -1;

    private @Nullable SharedBacklog shared;
    /** Instead of the shared one: by key, or by a number where there are no keys. */
    private @Nullable Map<Object, Packet> packets;

    private long packetBytes;
    private long lastNumber;
    private boolean asked;
    private boolean full;

    GroupMember(SessionGroup group, GroupShard shard, ChannelSession session) {
        this.group = group;
        this.shard = shard;
        this.session = session;
        this.outbound = session.outbound();
        this.framingKey = outbound.framing().sharedKey();
        this.conflation = group.options().conflation();
    }

    Session session() {
        return session;
    }

    GroupShard shard() {
        return shard;
    }

    int index() {
        return index;
    }

    void moveTo(int place) {
        index = place;
    }

    /** Becomes a member, unless the session has ended. */
    boolean begin(int place) {
        if (!session.addMembership(this)) {
            return false;
        }
        index = place;
        return true;
    }

    /** Is no member any more: what waits is dropped. */
    void end() {
        session.removeMembership(this);
        dropAll();
    }

    /** The session has ended. */
    void sessionEnded() {
        shard.ended(this);
        dropAll();
    }

    // ---- what is broadcast ----

    void deliver(FrameBatch batch) {
        if (index < 0 || !session.isOpen()) {
            return;
        }
        if (backlogIsEmpty() && outbound.canEncode()) {
            write(batch);
            return;
        }
        if (framingKey != null && conflation == null) {
            keepShared(frames(batch, framingKey), batch.size());
        } else {
            for (Packet packet : batch.packets()) {
                keep(packet);
            }
        }
        if (!asked && index >= 0) {
            asked = true;
            outbound.start(this);
        }
    }

    private void write(FrameBatch batch) {
        shard.delivered += batch.size();
        if (framingKey == null) {
            outbound.enter();
            batch.packets().forEach(packet -> outbound.encode(packet, null));
            outbound.exit();
        } else {
            FrameBatch.Frames frames = frames(batch, framingKey);
            outbound.writeShared(frames, 0, frames.lengthBytes(), batch.size());
        }
    }

    private FrameBatch.Frames frames(FrameBatch batch, Object key) {
        return batch.frames(key, outbound.framing(), outbound.alloc(), shard.size());
    }

    private void keepShared(FrameBatch.Frames frames, int count) {
        SharedBacklog backlog = shared;
        if (backlog == null) {
            backlog = new SharedBacklog();
            shared = backlog;
        }
        SlowMembers policy = group.options().slowMembers();
        int from = 0;
        int to = count;
        while (from < to && !fits(to - from, frames.start(to) - frames.start(from))) {
            switch (policy) {
                case LATEST -> {
                    dropAll();
                    shard.dropped += to - 1 - from;
                    from = to - 1;
                }
                case DROP_OLDEST -> {
                    if (backlog.packets() == 0) {
                        from++;
                        shard.dropped++;
                    } else {
                        backlog.dropOldest();
                        shard.backlog--;
                        dropped(1);
                    }
                }
                case DROP_NEWEST -> {
                    to--;
                    shard.dropped++;
                }
                case DISCONNECT -> {
                    disconnect();
                    return;
                }
                case WAIT -> {
                    waitForRoom();
                    added(backlog, frames, from, to);
                    return;
                }
            }
        }
        added(backlog, frames, from, to);
        if (policy == SlowMembers.WAIT && !fits(1, 0)) {
            waitForRoom();
        }
    }

    private void added(SharedBacklog backlog, FrameBatch.Frames frames, int from, int to) {
        if (from < to) {
            backlog.add(frames, from, to);
            shard.backlog += to - from;
            shard.delivered += to - from;
        }
    }

    /** Whether so much more is within the bounds; one packet is always let in. */
    private boolean fits(int count, long lengthBytes) {
        GroupOptions options = group.options();
        int present = backlogPackets();
        return present + count <= options.backlogPackets()
                && (present + count == 1 || backlogBytes() + lengthBytes <= options.backlogBytes());
    }

    private void keep(Packet packet) {
        Map<Object, Packet> backlog = packets;
        if (backlog == null) {
            backlog = new LinkedHashMap<>();
            packets = backlog;
        }
        Object key;
        try {
            key = conflation == null ? Long.valueOf(++lastNumber) : conflation.apply(packet);
        } catch (RuntimeException thrown) {
            log.warn("{}: conflateBy failed, {} does not get the packet", group, session, thrown);
            shard.dropped++;
            return;
        }
        if (backlog.containsKey(key)) {
            Packet before = backlog.put(key, packet); // keeps its place in line
            packetBytes += packet.lengthBytes() - (before == null ? 0 : before.lengthBytes());
            shard.conflated++;
            shard.delivered++;
            return;
        }
        while (!fits(1, packet.lengthBytes())) {
            switch (group.options().slowMembers()) {
                case LATEST -> dropAll();
                case DROP_OLDEST -> {
                    takePacket();
                    dropped(1);
                }
                case DROP_NEWEST -> {
                    shard.dropped++;
                    return;
                }
                case DISCONNECT -> {
                    disconnect();
                    return;
                }
                case WAIT -> {
                    waitForRoom();
                    add(key, packet);
                    return;
                }
            }
        }
        add(key, packet);
        if (group.options().slowMembers() == SlowMembers.WAIT && !fits(1, 0)) {
            waitForRoom();
        }
    }

    private void add(Object key, Packet packet) {
        if (packets == null) {
            packets = new LinkedHashMap<>();
        }
        packets.put(key, packet);
        packetBytes += packet.lengthBytes();
        shard.backlog++;
        shard.delivered++;
    }

    private @Nullable Packet takePacket() {
        if (packets == null || packets.isEmpty()) {
            return null;
        }
        Iterator<Packet> oldest = packets.values().iterator();
        Packet packet = oldest.next();
        oldest.remove();
        packetBytes -= packet.lengthBytes();
        shard.backlog--;
        return packet;
    }

    private void dropped(int count) {
        shard.dropped += count;
        shard.delivered -= count;
    }

    private void disconnect() {
        if (index >= 0) {
            shard.disconnected++;
            session.cut(new CloseReason(
                    Kind.ERROR, 1008, "too slow for " + group.name() + " (options backlogPackets, backlogBytes)"));
        }
    }

    private void waitForRoom() {
        if (!full) {
            full = true;
            shard.memberFull();
        }
    }

    private void hasRoom() {
        if (full) {
            full = false;
            shard.memberHasRoom();
        }
    }

    // ---- the backlog ----

    private int backlogPackets() {
        return (shared == null ? 0 : shared.packets()) + (packets == null ? 0 : packets.size());
    }

    private long backlogBytes() {
        return (shared == null ? 0 : shared.bytes()) + packetBytes;
    }

    private boolean backlogIsEmpty() {
        return backlogPackets() == 0;
    }

    private void dropAll() {
        int count = backlogPackets();
        if (shared != null) {
            shared.clear();
        }
        packets = null;
        packetBytes = 0;
        shard.backlog -= count;
        dropped(count);
        hasRoom();
    }

    // ---- asked by the outbound ----

    @Override
    boolean drain(int max) {
        int left = max;
        while (left > 0 && outbound.canEncode() && shared != null && shared.packets() > 0) {
            int written = shared.write(outbound);
            shard.backlog -= written;
            left -= written;
        }
        for (; left > 0 && outbound.canEncode(); left--) {
            Packet packet = takePacket();
            if (packet == null) {
                break;
            }
            outbound.encode(packet, null);
        }
        GroupOptions options = group.options();
        if (full && backlogPackets() <= options.backlogPackets() / 2 && backlogBytes() <= options.backlogBytes() / 2) {
            hasRoom();
        }
        return !backlogIsEmpty();
    }

    @Override
    boolean endIfDone() {
        if (!backlogIsEmpty()) {
            return false;
        }
        asked = false;
        shared = null;
        packets = null;
        return true;
    }

    @Override
    boolean queueIsEmpty() {
        return backlogIsEmpty();
    }

    @Override
    void stop(Throwable error) {
        // what is in the backlog is still written
    }

    @Override
    void fail(ConnectionLostException lost) {
        outbound.lost(backlogPackets());
        sessionEnded();
    }
}
