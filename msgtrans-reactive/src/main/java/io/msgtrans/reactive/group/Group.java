package io.msgtrans.reactive.group;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import java.util.Collection;
import java.util.function.Predicate;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * Sessions that get the same packets: a room, a topic, all of a server. Empty groups live on. Every method may be called from
 * any thread.
 *
 * <pre>
 *   broadcast(p) --> queue of event loop 1 --> encoded once --> member, member, member
 *                \-> queue of event loop 2 --> encoded once --> member, member
 * </pre>
 *
 * <p><b>Order.</b> A member gets the packets of one caller in their order, and those that were broadcast after its {@link #join}
 * and before its {@link #leave}. <b>Packets</b> must not be borrowed; an owned one is copied. Message ids are chosen by the
 * group for packets that bring none.
 */
public interface Group {

    /** Its name, unique in its {@link Groups}. */
    String name();

    /** Makes a session a member until it leaves or ends; false when it is one, or has ended. */
    boolean join(Session session);

    /** Ends a membership; what is in the backlog is dropped. False when there is none. */
    boolean leave(Session session);

    /** Present members; a live view that never fails while it changes. */
    Collection<Session> members();

    /** How many members there are. */
    int size();

    /**
     * Takes a packet for all members, without waiting and without an object per call: {@code FULL} when too many wait for an
     * event loop already, or, with {@link SlowMembers#WAIT}, when a member's backlog is full. Then no member gets it.
     *
     * @throws LimitException when it is larger than {@link GroupOptions#pendingBytes()}
     */
    OfferResult offer(Packet packet);

    /** Sends a packet to all members, waiting while {@link #offer} would answer {@code FULL}; completes when each has it. 65,536 may wait. */
    Mono<BroadcastResult> broadcast(Packet packet);

    /** As {@link #broadcast(Packet)} to some of the members. The predicate is called on the members' event loops. */
    Mono<BroadcastResult> broadcast(Packet packet, Predicate<? super Session> to);

    /**
     * Sends what a publisher emits to all members, asking for more as {@link #offer} takes it. Completes with the sum when every
     * member's socket or backlog has it all. Cancel stops asking.
     */
    Mono<BroadcastResult> broadcast(Publisher<Packet> packets);

    /** What it did so far. */
    GroupStats stats();
}
