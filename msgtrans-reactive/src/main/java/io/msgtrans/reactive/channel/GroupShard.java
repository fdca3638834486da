package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.GroupOptions;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The members of a group on one event loop. What is broadcast waits in a queue; one run sends all of it: packets that lie
 * together are encoded once per framing, and written to each member with one flush.
 */
final class GroupShard implements Runnable {

    private static final Logger log = Loggers.getLogger(Session.class);

    /**
     * Encoded for all members before it is written to each, as each member's write costs the same beside its bytes, and still in the
     * processor's cache. To 1,000 members 64 KiB gave a tenth less at the median, and 512 KiB a third less.
     */
    private static final int BATCH_BYTES = 256 * 1024;

    /** A packet for some members, or one whose sender wants to know what became of it. */
    record Addressed(
            Packet packet,
            @Nullable Predicate<? super Session> to,
            @Nullable GroupBroadcast broadcast) {}

    private record Leaving(GroupMember member) {}

    private final SessionGroup group;
    private final EventLoop loop;
    /** {@link Packet}, {@link Addressed}, {@link GroupMember} that joins, or {@link Leaving}; the first two have room. */
    private final Arrivals arrivals = new Arrivals();

    // Event loop only; the counters are read by others.
    private final List<GroupMember> members = new ArrayList<>();
    private final FrameBatch batch = new FrameBatch();
    /** Whose packets the batch holds; {@code null} for offers. */
    private @Nullable GroupBroadcast batchOf;

    long delivered;
    long dropped;
    long conflated;
    long disconnected;
    long backlog;

    GroupShard(SessionGroup group, EventLoop loop) {
        this.group = group;
        this.loop = loop;
    }

    EventLoop loop() {
        return loop;
    }

    GroupOptions options() {
        return group.options();
    }

    /** Members on this event loop. */
    int size() {
        return members.size();
    }

    // ---- any thread ----

    boolean reserve(Packet packet) {
        return arrivals.reserve(packet, options().pendingPackets(), options().pendingBytes());
    }

    void release(Packet packet) {
        arrivals.release(Arrivals.cost(packet));
    }

    boolean hasRoom() {
        return arrivals.hasRoom(options().pendingPackets(), options().pendingBytes());
    }

    void join(GroupMember member) {
        add(member);
    }

    void leave(GroupMember member) {
        add(new Leaving(member));
    }

    /** Behind what was added before, whatever it is. */
    void add(Object entry) {
        if (arrivals.add(entry)) {
            schedule();
        }
    }

    private void schedule() {
        try {
            loop.execute(this);
        } catch (RejectedExecutionException loopIsGone) {
            log.debug("the event loop of members of {} is shut down", group, loopIsGone);
            loop.terminationFuture().addListener(ended -> abandon()); // when it polls no more
        }
    }

    /** The event loop is gone and its members with it: what waits reaches nobody. The caller owes the run. */
    private void abandon() {
        group.ended(this);
        long done = 0;
        do {
            for (Object next = arrivals.poll(); next != null; next = arrivals.poll()) {
                if (next instanceof Packet packet) {
                    done += Arrivals.cost(packet);
                } else if (next instanceof Addressed addressed) {
                    done += Arrivals.cost(addressed.packet);
                    if (addressed.broadcast != null) {
                        addressed.broadcast.done(1, 0, 0, 0);
                    }
                } else if (next instanceof GroupMember joining) {
                    group.ended(joining);
                }
            }
            arrivals.beginRun();
        } while (!arrivals.isDrained() && arrivals.wake());
        freed(done);
    }

    private void freed(long done) {
        if (done != 0) {
            arrivals.release(done);
            group.room();
        }
    }

    // ---- event loop ----

    @Override
    public void run() {
        arrivals.beginRun();
        long done = 0;
        int limit = options().pendingPackets(); // others of the event loop have their turn
        Object next = null;
        while (limit-- > 0 && (next = arrivals.poll()) != null) {
            if (next instanceof Packet packet) {
                done += add(packet, null);
            } else if (next instanceof Addressed addressed) {
                done += addressed.to == null ? add(addressed.packet, addressed.broadcast) : deliver(addressed);
            } else {
                deliver();
                change(next);
            }
        }
        deliver();
        if (next != null && arrivals.wake()) {
            schedule();
        }
        freed(done);
    }

    private void change(Object entry) {
        if (entry instanceof Leaving leaving) {
            remove(leaving.member);
            leaving.member.end();
        } else if (entry instanceof GroupMember joining) {
            if (joining.begin(members.size())) {
                members.add(joining);
            } else {
                group.ended(joining);
            }
        }
    }

    /** Puts a packet into the batch, which holds those of one broadcast; gives the load that it was. */
    private long add(Packet packet, @Nullable GroupBroadcast broadcast) {
        if (batchOf != broadcast) {
            deliver();
            batchOf = broadcast;
        }
        batch.add(packet);
        if (batch.lengthBytes() >= BATCH_BYTES) {
            deliver();
        }
        return Arrivals.cost(packet);
    }

    private long deliver(Addressed addressed) {
        deliver();
        batchOf = addressed.broadcast;
        batch.add(addressed.packet);
        deliverTo(addressed.to);
        return Arrivals.cost(addressed.packet);
    }

    private void deliver() {
        deliverTo(null);
    }

    private void deliverTo(@Nullable Predicate<? super Session> to) {
        if (batch.isEmpty()) {
            return;
        }
        long droppedBefore = dropped + conflated;
        long deliveredBefore = delivered;
        long disconnectedBefore = disconnected;
        try {
            deliverToMembers(to);
        } finally { // nobody waits for ever for what failed
            GroupBroadcast broadcast = batchOf;
            if (broadcast != null) {
                broadcast.done(
                        batch.size(),
                        delivered - deliveredBefore,
                        dropped + conflated - droppedBefore,
                        disconnected - disconnectedBefore);
            }
            batchOf = null;
            batch.clear();
        }
    }

    private void deliverToMembers(@Nullable Predicate<? super Session> to) {
        for (int i = members.size() - 1; i >= 0; i--) { // backwards: one that is removed leaves its place to the last
            GroupMember member = i < members.size() ? members.get(i) : null;
            if (member != null && (to == null || accepts(to, member))) {
                member.deliver(batch);
            }
        }
    }

    private boolean accepts(Predicate<? super Session> to, GroupMember member) {
        try {
            return to.test(member.session());
        } catch (RuntimeException thrown) {
            log.warn("{}: the predicate of a broadcast failed, {} is left out", group, member.session(), thrown);
            return false;
        }
    }

    /** The last member takes the place of one that is gone. */
    void remove(GroupMember member) {
        int index = member.index();
        if (index < 0) {
            return;
        }
        GroupMember last = members.remove(members.size() - 1);
        if (last != member) {
            members.set(index, last);
            last.moveTo(index);
        }
        member.moveTo(-1);
        if (members.isEmpty()) {
            batch.end();
        }
    }

    /** The session of a member has ended. */
    void ended(GroupMember member) {
        remove(member);
        group.ended(member);
    }

    void memberFull() {
        group.memberFull();
    }

    void memberHasRoom() {
        group.memberHasRoom();
    }
}
