package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.BroadcastResult;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.GroupStats;
import io.netty.channel.EventLoop;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** A group: finds the event loops of its members, and gives each of them what is broadcast. */
final class SessionGroup implements Group {

    private static final GroupShard[] NONE = {};
    private static final int MAX_WAITING = 65_536;

    private final String name;
    private final GroupOptions options;
    private final ConcurrentHashMap<Session, GroupMember> members = new ConcurrentHashMap<>();
    /** One for each event loop that ever had a member, and has not ended. */
    private volatile GroupShard[] shards = NONE;

    /** Members whose backlog is full and who are waited for. */
    private final AtomicInteger full = new AtomicInteger();
    /** Who waits until {@link #offer} takes something again. */
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    private final AtomicInteger waitingCount = new AtomicInteger();

    private final LongAdder broadcasts = new LongAdder();

    SessionGroup(String name, GroupOptions options) {
        this.name = name;
        this.options = options;
    }

    GroupOptions options() {
        return options;
    }

    @Override
    public String name() {
        return name;
    }

    // ---- members ----

    @Override
    public boolean join(Session session) {
        if (!(session instanceof ChannelSession member)) {
            throw new IllegalArgumentException("not a session of this toolkit: " + session.getClass());
        }
        if (session.isDisposed()) {
            return false;
        }
        GroupShard shard = shard(member.outbound().loop());
        GroupMember joining = new GroupMember(this, shard, member);
        if (members.putIfAbsent(session, joining) != null) {
            return false;
        }
        shard.join(joining);
        return true;
    }

    @Override
    public boolean leave(Session session) {
        GroupMember leaving = members.remove(session);
        if (leaving == null) {
            return false;
        }
        leaving.shard().leave(leaving);
        return true;
    }

    /** The session of a member has ended. */
    void ended(GroupMember member) {
        members.remove(member.session(), member);
    }

    GroupShard shard(EventLoop loop) {
        for (GroupShard shard : shards) {
            if (shard.loop() == loop) {
                return shard;
            }
        }
        synchronized (this) {
            GroupShard[] present = shards;
            for (GroupShard shard : present) {
                if (shard.loop() == loop) {
                    return shard;
                }
            }
            GroupShard[] more = Arrays.copyOf(present, present.length + 1);
            more[present.length] = new GroupShard(this, loop);
            shards = more;
            return more[present.length];
        }
    }

    /** The event loop has ended, and nothing is sent by it. */
    synchronized void ended(GroupShard gone) {
        shards = Arrays.stream(shards).filter(shard -> shard != gone).toArray(GroupShard[]::new);
    }

    @Override
    public Collection<Session> members() {
        return Collections.unmodifiableSet(members.keySet());
    }

    @Override
    public int size() {
        return members.size();
    }

    // ---- broadcast ----

    @Override
    public OfferResult offer(Packet packet) {
        return offer(checked(packet), null, null);
    }

    @Override
    public Mono<BroadcastResult> broadcast(Packet packet) {
        return Mono.create(sink -> new GroupBroadcast(this, sink, null).send(packet));
    }

    @Override
    public Mono<BroadcastResult> broadcast(Packet packet, Predicate<? super Session> to) {
        return Mono.create(sink -> new GroupBroadcast(this, sink, to).send(packet));
    }

    @Override
    public Mono<BroadcastResult> broadcast(Publisher<Packet> packets) {
        return Mono.create(sink -> packets.subscribe(new GroupBroadcast(this, sink, null)));
    }

    /** A packet that may be kept and read by several event loops at once. */
    Packet checked(Packet packet) {
        if (packet.isBorrowed()) {
            throw new IllegalArgumentException("a borrowed packet cannot be broadcast: use compact()");
        }
        if (packet.lengthBytes() > options.pendingBytes()) {
            throw LimitException.tooLarge(
                    "packet for a group", "pendingBytes", options.pendingBytes(), packet.lengthBytes());
        }
        return packet;
    }

    /** All event loops take it, or none. */
    OfferResult offer(Packet packet, @Nullable Predicate<? super Session> to, @Nullable GroupBroadcast broadcast) {
        if (full.get() > 0) {
            return OfferResult.FULL;
        }
        GroupShard[] present = shards;
        for (int i = 0; i < present.length; i++) {
            if (!present[i].reserve(packet)) {
                for (int reserved = 0; reserved < i; reserved++) {
                    present[reserved].release(packet);
                }
                return OfferResult.FULL;
            }
        }
        broadcasts.increment();
        Packet kept = packet;
        if (packet.isOwned()) {
            kept = packet.compact();
            packet.release();
        }
        if (broadcast != null) {
            broadcast.expect(present.length);
        }
        Object entry = to == null && broadcast == null ? kept : new GroupShard.Addressed(kept, to, broadcast);
        for (GroupShard shard : present) {
            shard.add(entry);
        }
        return OfferResult.ACCEPTED;
    }

    // ---- room ----

    /** Has a task run when an offer may be taken again. */
    void whenRoom(Runnable task) {
        if (waitingCount.incrementAndGet() > MAX_WAITING) {
            waitingCount.decrementAndGet();
            throw new LimitException(
                    "broadcasts that wait for room in a group",
                    "65,536, which is fixed",
                    MAX_WAITING,
                    MAX_WAITING + 1L);
        }
        waiting.add(task);
        if (hasRoom()) {
            room();
        }
    }

    private boolean hasRoom() {
        if (full.get() > 0) {
            return false;
        }
        for (GroupShard shard : shards) {
            if (!shard.hasRoom()) {
                return false;
            }
        }
        return true;
    }

    /** An event loop has sent what it had, or a member has room again. */
    void room() {
        if (waiting.isEmpty() || !hasRoom()) {
            return;
        }
        for (int i = waitingCount.get(); i > 0; i--) {
            Runnable task = waiting.poll();
            if (task == null) {
                return;
            }
            waitingCount.decrementAndGet();
            task.run();
        }
    }

    void memberFull() {
        full.incrementAndGet();
    }

    void memberHasRoom() {
        if (full.decrementAndGet() == 0) {
            room();
        }
    }

    @Override
    public GroupStats stats() {
        long delivered = 0;
        long dropped = 0;
        long conflated = 0;
        long disconnected = 0;
        long backlog = 0;
        for (GroupShard shard : shards) {
            delivered += shard.delivered;
            dropped += shard.dropped;
            conflated += shard.conflated;
            disconnected += shard.disconnected;
            backlog += shard.backlog;
        }
        return new GroupStats(members.size(), broadcasts.sum(), delivered, dropped, conflated, disconnected, backlog);
    }

    @Override
    public String toString() {
        return "Group[" + name + ", " + members.size() + " members]";
    }
}
