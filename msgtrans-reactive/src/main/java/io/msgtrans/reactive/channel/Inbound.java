package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * The way in of a session: gives packets to the one subscriber of {@code receive()} as it demands, keeps a few that
 * nobody demands yet, and says when there is no room for more.
 */
final class Inbound {

    private final SessionHandler handler;
    private int maxPackets;
    private int maxBytes;

    /** The present subscriber; others are refused until it cancels. */
    private volatile @Nullable InboundSubscription owner;

    private static final AtomicReferenceFieldUpdater<Inbound, InboundSubscription> OWNER =
            AtomicReferenceFieldUpdater.newUpdater(Inbound.class, InboundSubscription.class, "owner");

    // Event loop only.
    private @Nullable InboundSubscription active;
    private final ArrayDeque<Packet> queue = new ArrayDeque<>(0);
    private long queuedBytes;
    private long shedNanos;
    /** When each of the queue came; only where requests may be shed. */
    private @Nullable ArrayDeque<Long> arrivals;

    private boolean ended;
    private @Nullable Throwable error;
    private boolean draining;
    /** Whether a read is being decoded, so that new demand is seen by the loop below and not by another one. */
    boolean decoding;

    Inbound(SessionHandler handler, int maxPackets, int maxBytes) {
        this.handler = handler;
        this.maxPackets = maxPackets;
        this.maxBytes = maxBytes;
    }

    /** Other bounds from now on. Event loop only. */
    void resize(int packets, int bytes) {
        maxPackets = packets;
        maxBytes = bytes;
        demanded();
    }

    /** Requests that wait longer for demand are not delivered; 0 for none. Before anything is received. */
    void shedAfter(long nanos) {
        shedNanos = nanos;
        arrivals = nanos > 0 ? new ArrayDeque<>() : null;
    }

    /** A view for subscribers; borrowed packets or safe ones. */
    Flux<Packet> flux(boolean borrowed) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Packet> actual) {
                Inbound.this.subscribe(actual, borrowed);
            }
        };
    }

    private void subscribe(CoreSubscriber<? super Packet> actual, boolean borrowed) {
        InboundSubscription subscription = new InboundSubscription(this, actual, borrowed);
        if (!OWNER.compareAndSet(this, null, subscription)) {
            Operators.error(
                    actual,
                    new IllegalStateException(
                            "receive() has a subscriber already; share it with publish() or share()"));
            return;
        }
        actual.onSubscribe(subscription);
        handler.inEventLoop(() -> activate(subscription));
    }

    // ---- event loop ----

    private void activate(InboundSubscription subscription) {
        if (owner == subscription) {
            active = subscription;
            demanded();
        }
    }

    /** The subscriber demands more, or has just come. */
    void demanded() {
        if (draining) {
            return; // the loop below us sees the new demand
        }
        handler.resume();
    }

    void cancelled(InboundSubscription subscription) {
        if (active == subscription) {
            active = null;
        }
        OWNER.compareAndSet(this, subscription, null);
    }

    /** The subscriber that gets the next packet at once, or {@code null} when it is to be kept. */
    @Nullable
    InboundSubscription next() {
        InboundSubscription subscriber = active;
        return subscriber != null && queue.isEmpty() && subscriber.hasDemand() ? subscriber : null;
    }

    /** The present subscriber, after {@link #next()} gave it. */
    InboundSubscription subscriber() {
        return Objects.requireNonNull(active);
    }

    /** Whether packets should be left where they were read instead of being copied. */
    boolean isBorrowing() {
        InboundSubscription subscriber = active;
        return subscriber != null && subscriber.borrowed;
    }

    boolean hasSubscriber() {
        return active != null;
    }

    /** Whether a packet would be delivered, or kept within the bound. */
    boolean hasRoom() {
        return next() != null || hasQueueRoom();
    }

    private boolean hasQueueRoom() {
        return queue.size() < maxPackets && queuedBytes < maxBytes;
    }

    /** How many packets wait; an estimate on other threads. */
    int size() {
        return queue.size();
    }

    /** Whether nothing more is read because the subscriber demands nothing; an estimate on other threads. */
    boolean lacksDemand() {
        InboundSubscription subscriber = active;
        return !hasQueueRoom() && (subscriber == null || !subscriber.seemsToHaveDemand());
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Delivers a packet, or keeps it. */
    void next(Packet packet) {
        InboundSubscription subscriber = next();
        if (subscriber != null) {
            subscriber.deliver(packet);
        } else {
            keep(packet);
        }
    }

    /** To be called when {@link #next()} gives nobody. */
    void keep(Packet packet) {
        Packet kept = packet.isBorrowed() ? packet.compact() : packet;
        queue.add(kept);
        queuedBytes += kept.lengthBytes();
        if (arrivals != null) {
            arrivals.add(handler.nanoTime());
        }
    }

    /** Delivers what was kept, as far as demand goes. */
    void drain() {
        if (draining) {
            return;
        }
        draining = true;
        try {
            InboundSubscription subscriber = active;
            while (subscriber != null && !queue.isEmpty() && subscriber.hasDemand()) {
                Packet packet = queue.remove();
                queuedBytes -= packet.lengthBytes();
                if (arrivals != null && isTooOld(packet, arrivals.remove())) {
                    handler.shed(packet);
                } else {
                    subscriber.deliver(packet);
                }
                subscriber = active;
            }
        } finally {
            draining = false;
        }
        endIfDone();
    }

    private boolean isTooOld(Packet packet, long arrivedNanos) {
        return packet.type() == PacketType.REQUEST && handler.nanoTime() - arrivedNanos > shedNanos;
    }

    /** No more will come; the subscriber learns it behind the last packet. */
    void end(@Nullable Throwable cause) {
        ended = true;
        error = cause;
        endIfDone();
    }

    private void endIfDone() {
        InboundSubscription subscriber = active;
        if (ended && subscriber != null && queue.isEmpty() && !handler.hasParked()) {
            cancelled(subscriber); // a later subscriber learns of the end too
            subscriber.end(error);
        }
    }

    /** How many packets nobody asked for; they are gone. */
    int discard() {
        int discarded = queue.size();
        queue.clear();
        if (arrivals != null) {
            arrivals.clear();
        }
        queuedBytes = 0;
        return discarded;
    }

    void subscriberFailed(Throwable thrown) {
        handler.subscriberFailed(thrown);
    }

    void inEventLoop(Runnable task) {
        handler.inEventLoop(task);
    }
}
