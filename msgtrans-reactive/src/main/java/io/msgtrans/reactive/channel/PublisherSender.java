package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import java.util.Objects;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * Brings the packets of a publisher to an {@link Outbound}, which asks its senders in turn when the socket takes more. What
 * comes from other threads waits in a queue of its own, which the demand bounds.
 */
abstract class PublisherSender extends Sender implements CoreSubscriber<Packet> {

    static final int MAX_WINDOW = 256;
    private static final int FIRST_WINDOW = 16;

    final Outbound outbound;

    private volatile @Nullable SpscArrayQueue<Packet> queue;
    volatile boolean upstreamDone;
    /** Written before upstreamDone. */
    @Nullable
    Throwable upstreamError;

    volatile @Nullable Subscription upstream;

    // Event loop only.
    long requested;
    long taken;
    private long packetBytes;
    private int window = FIRST_WINDOW;

    PublisherSender(Outbound outbound) {
        this.outbound = outbound;
    }

    // ---- the publisher's thread ----

    /** Refuses a packet above the size limit, and what comes behind it. */
    final boolean isTooLarge(Packet packet) {
        LimitException tooLarge = outbound.sizeError(packet);
        if (tooLarge == null) {
            return false;
        }
        packet.release();
        cancelUpstream();
        onError(tooLarge);
        return true;
    }

    final void enqueue(Packet packet) {
        SpscArrayQueue<Packet> present = queue;
        if (present == null) {
            present = new SpscArrayQueue<>(MAX_WINDOW);
            queue = present;
        }
        Packet kept = packet.isBorrowed() ? Outbound.keep(packet) : packet;
        if (!present.offer(kept)) {
            kept.release();
            cancelUpstream();
            onError(new IllegalStateException("the publisher emitted more packets than were requested"));
            return;
        }
        outbound.wake();
    }

    @Override
    public void onError(Throwable error) {
        Objects.requireNonNull(error, "error");
        if (upstreamDone) {
            Operators.onErrorDropped(error, currentContext());
            return;
        }
        end(error);
        outbound.wake();
    }

    @Override
    public void onComplete() {
        upstreamDone = true;
        outbound.wake();
    }

    final void end(Throwable error) {
        upstreamError = error;
        upstreamDone = true;
    }

    final void cancelUpstream() {
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
        }
    }

    // ---- event loop ----

    @Override
    boolean queueIsEmpty() {
        SpscArrayQueue<Packet> present = queue;
        return present == null || present.isEmpty();
    }

    final @Nullable Packet poll() {
        SpscArrayQueue<Packet> present = queue;
        return present == null ? null : present.poll();
    }

    /** Drops what waits; gives how many packets. */
    int releaseQueue() {
        int released = 0;
        for (Packet packet = poll(); packet != null; packet = poll()) {
            packet.release();
            released++;
        }
        return released;
    }

    /** A packet is encoded next. */
    final void taken(Packet packet) {
        taken++;
        packetBytes = Math.max(packetBytes, packet.lengthBytes());
    }

    /** Whether most of what was asked for is still to come. */
    final boolean hasEnoughUnderWay() {
        return requested - taken > window >> 2;
    }

    /**
     * Asks for as many packets as fit into the outbound bytes, {@link #MAX_WINDOW} at most.
     *
     * @param allowed how many may be asked for in all
     */
    final void ask(long allowed) {
        if (taken > 0) {
            long fitting = outbound.options().outboundBytes() / Math.max(1, packetBytes);
            window = (int) Math.max(1, Math.min(MAX_WINDOW, fitting));
            packetBytes -= packetBytes >> 3; // forget a large packet slowly
        }
        long more = Math.min(window - (requested - taken), allowed - requested);
        Subscription subscription = upstream;
        if (more > 0 && subscription != null) {
            requested += more;
            subscription.request(more);
        }
    }
}
