package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.CloseReason.Kind;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.SlowMembers;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A session in a group, and what waits there for its socket. While nothing waits and the socket takes more, what is broadcast is
 * written at once; else it goes to the backlog, which the session's outbound asks in turn with its other senders. Event loop
 * only.
 */
final class GroupMember extends Sender {

    private final SessionGroup group;
    private final GroupShard shard;
    private final ChannelSession session;
    private final Outbound outbound;
    private final @Nullable Object framingKey;

    /** Its place in the shard; -1 when it is not, or no longer, a member. */
    private int index = -1;

    // The backlog; one of the two, made when it is needed.
    private @Nullable ArrayDeque<Packet> backlog;
    private @Nullable Map<Object, Packet> conflated;
    private int backlogPackets;
    private long backlogBytes;
    private boolean asked;
    private boolean full;

    GroupMember(SessionGroup group, GroupShard shard, ChannelSession session) {
        this.group = group;
        this.shard = shard;
        this.session = session;
        this.outbound = session.outbound();
        this.framingKey = outbound.framing().sharedKey();
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
        if (backlogPackets == 0 && outbound.canEncode()) {
            shard.delivered += batch.packets().size();
            if (framingKey == null) {
                outbound.enter();
                batch.packets().forEach(packet -> outbound.encode(packet, null));
                outbound.exit();
            } else {
                outbound.writeShared(
                        batch.frames(framingKey, outbound.framing(), outbound.alloc()),
                        batch.packets().size());
            }
            return;
        }
        for (Packet packet : batch.packets()) {
            if (!keep(packet)) {
                return;
            }
        }
        if (!asked) {
            asked = true;
            outbound.start(this);
        }
    }

    /** Puts a packet into the backlog; false when the session was closed instead. */
    private boolean keep(Packet packet) {
        GroupOptions options = group.options();
        Function<? super Packet, ?> conflation = options.conflation();
        if (conflation != null && replace(packet, conflation)) {
            return true;
        }
        while (isFull(packet)) {
            switch (options.slowMembers()) {
                case LATEST -> dropAll();
                case DROP_OLDEST -> dropOldest();
                case DROP_NEWEST -> {
                    shard.dropped++;
                    return true;
                }
                case DISCONNECT -> {
                    shard.disconnected++;
                    session.cut(new CloseReason(
                            Kind.ERROR,
                            1008,
                            "too slow for " + group.name() + " (options backlogPackets, backlogBytes)"));
                    return false;
                }
                case WAIT -> {
                    waitForRoom();
                    add(packet, conflation);
                    return true;
                }
            }
        }
        add(packet, conflation);
        if (options.slowMembers() == SlowMembers.WAIT && isFull(packet)) {
            waitForRoom();
        }
        return true;
    }

    private boolean isFull(Packet more) {
        GroupOptions options = group.options();
        return backlogPackets >= options.backlogPackets()
                || (backlogPackets > 0 && backlogBytes + more.lengthBytes() > options.backlogBytes());
    }

    private boolean replace(Packet packet, Function<? super Packet, ?> conflation) {
        Map<Object, Packet> present = conflated;
        Object key = conflation.apply(packet);
        if (present == null || !present.containsKey(key)) {
            return false;
        }
        Packet before = present.put(key, packet); // keeps its place in line
        backlogBytes += packet.lengthBytes() - (before == null ? 0 : before.lengthBytes());
        shard.conflated++;
        shard.delivered++;
        return true;
    }

    private void add(Packet packet, @Nullable Function<? super Packet, ?> conflation) {
        if (conflation != null) {
            if (conflated == null) {
                conflated = new LinkedHashMap<>();
            }
            conflated.put(conflation.apply(packet), packet);
        } else {
            if (backlog == null) {
                backlog = new ArrayDeque<>();
            }
            backlog.add(packet);
        }
        backlogPackets++;
        backlogBytes += packet.lengthBytes();
        shard.backlog++;
        shard.delivered++;
    }

    private @Nullable Packet take() {
        Packet packet = null;
        if (backlog != null) {
            packet = backlog.poll();
        } else if (conflated != null && !conflated.isEmpty()) {
            Iterator<Packet> first = conflated.values().iterator();
            packet = first.next();
            first.remove();
        }
        if (packet != null) {
            backlogPackets--;
            backlogBytes -= packet.lengthBytes();
            shard.backlog--;
        }
        return packet;
    }

    private void dropOldest() {
        if (take() != null) {
            shard.dropped++;
            shard.delivered--;
        }
    }

    private void dropAll() {
        while (backlogPackets > 0) {
            dropOldest();
        }
        backlog = null;
        conflated = null;
        hasRoom();
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

    // ---- asked by the outbound ----

    @Override
    boolean drain(int max) {
        for (int i = 0; i < max && outbound.canEncode(); i++) {
            Packet packet = take();
            if (packet == null) {
                break;
            }
            outbound.encode(packet, null);
        }
        if (full
                && backlogPackets <= group.options().backlogPackets() / 2
                && backlogBytes <= group.options().backlogBytes() / 2) {
            hasRoom();
        }
        return backlogPackets > 0;
    }

    @Override
    boolean endIfDone() {
        if (backlogPackets > 0) {
            return false;
        }
        asked = false;
        backlog = null;
        conflated = null;
        return true;
    }

    @Override
    boolean queueIsEmpty() {
        return backlogPackets == 0;
    }

    @Override
    void stop(Throwable error) {
        // what is in the backlog is still written
    }

    @Override
    void fail(ConnectionLostException lost) {
        outbound.lost(backlogPackets);
        sessionEnded();
    }
}
