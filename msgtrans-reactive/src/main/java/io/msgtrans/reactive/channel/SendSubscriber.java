package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Fuseable;
import reactor.core.Fuseable.QueueSubscription;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * One running {@code send(publisher)}. Asks for as many packets as fit into the outbound bytes, {@link #MAX_WINDOW} at
 * most, and for more when a quarter of them is left and the socket takes them. What is emitted on the event loop is
 * encoded at once; what comes from other threads waits in a queue of its own, which the demand bounds. A source that
 * hands over its packets one by one (synchronous fusion: ranges, collections, generators and what maps them) is asked
 * for each when the socket takes it, so that nothing waits anywhere.
 */
final class SendSubscriber extends PublisherSender implements Subscription {

    private static final int ACTIVE = 0;
    private static final int CANCELLED = 1;
    private static final int ENDED = 2;

    private final CoreSubscriber<? super Void> actual;
    private volatile int state;
    private static final AtomicIntegerFieldUpdater<SendSubscriber> STATE =
            AtomicIntegerFieldUpdater.newUpdater(SendSubscriber.class, "state");

    private @Nullable QueueSubscription<Packet> source;

    // Event loop only.
    private long written;
    private boolean registered;

    SendSubscriber(CoreSubscriber<? super Void> actual, Outbound outbound) {
        super(outbound);
        this.actual = actual;
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            if (subscription instanceof QueueSubscription<?> queue
                    && queue.requestFusion(Fuseable.SYNC) == Fuseable.SYNC) {
                @SuppressWarnings("unchecked") // of the publisher's type
                QueueSubscription<Packet> packets = (QueueSubscription<Packet>) queue;
                source = packets;
            }
            actual.onSubscribe(this);
            if (state == ACTIVE) {
                outbound.start(this);
            }
        }
    }

    @Override
    public void onNext(Packet packet) {
        if (upstreamDone || state == ENDED) {
            Operators.onDiscard(packet, currentContext());
            packet.release();
            return;
        }
        if (isTooLarge(packet)) {
            return;
        }
        Outbound out = outbound;
        if (out.inEventLoop() && queueIsEmpty() && !out.isEnded()) {
            taken(packet); // was asked for when there was room, and is not worth a queue
            int id = out.idOf(packet); // Outbound.encode in its parts: see there
            int index = out.place(packet, id, this);
            if (index >= 0) {
                out.write(packet, index, id);
                out.placed(packet, index, id, this);
            }
            out.flushSoon();
            if (!hasEnoughUnderWay()) {
                replenish();
            }
        } else {
            enqueue(packet);
        }
    }

    @Override
    public void request(long n) {
        Operators.validate(n); // a Mono<Void> has nothing to give
    }

    @Override
    public void cancel() {
        if (STATE.compareAndSet(this, ACTIVE, CANCELLED)) {
            cancelUpstream();
            outbound.wake();
        }
    }

    // ---- event loop ----

    @Override
    void registered() {
        registered = true;
        if (source == null) {
            replenish();
        } else {
            outbound.wake();
        }
    }

    @Override
    void replenish() {
        if (registered
                && source == null
                && !upstreamDone
                && state == ACTIVE
                && !hasEnoughUnderWay()
                && outbound.canEncode()) {
            ask(Long.MAX_VALUE);
        }
    }

    @Override
    boolean drain(int max) {
        QueueSubscription<Packet> packets = source;
        if (packets != null) {
            return poll(packets, max);
        }
        for (int i = 0; i < max; i++) {
            if (!outbound.canEncode()) {
                return !queueIsEmpty();
            }
            Packet packet = poll();
            if (packet == null) {
                return false;
            }
            take(packet);
        }
        return true;
    }

    // Looks at what other threads may change once for all, not once per packet.
    private boolean poll(QueueSubscription<Packet> packets, int max) {
        if (state != ACTIVE || upstreamDone) {
            return false;
        }
        Outbound out = outbound;
        int polled = 0;
        try {
            while (polled < max && out.canEncode()) {
                Packet packet = packets.poll();
                if (packet == null) {
                    upstreamDone = true;
                    return false;
                }
                LimitException tooLarge = out.sizeError(packet);
                if (tooLarge != null) {
                    packet.release();
                    cancelUpstream();
                    clearSource();
                    end(tooLarge);
                    return false;
                }
                int id = out.idOf(packet); // Outbound.encode in its parts: see there
                int index = out.place(packet, id, this);
                if (index >= 0) {
                    out.write(packet, index, id);
                    out.placed(packet, index, id, this);
                }
                polled++;
            }
        } catch (Throwable thrown) {
            end(Operators.onOperatorError(packets, thrown, currentContext()));
            return false;
        } finally {
            taken += polled;
        }
        return true;
    }

    private void take(Packet packet) {
        taken(packet);
        outbound.encode(packet, this);
    }

    /** The socket took so many packets. */
    void written(int packets) {
        written += packets;
        endIfDone();
    }

    @Override
    boolean endIfDone() {
        if (state == CANCELLED) {
            clearSource();
            return queueIsEmpty();
        }
        if (upstreamDone && queueIsEmpty() && written == taken) {
            if (STATE.compareAndSet(this, ACTIVE, ENDED)) {
                Throwable error = upstreamError;
                if (error == null) {
                    Signals.complete(actual);
                } else {
                    Signals.error(actual, error);
                }
            }
            return true;
        }
        return state == ENDED;
    }

    @Override
    void stop(Throwable error) {
        cancelUpstream();
        clearSource();
        if (!upstreamDone) {
            end(error);
        }
    }

    /** Fails with the number of packets that the socket did not take. */
    @Override
    void fail(ConnectionLostException lost) {
        cancelUpstream();
        clearSource();
        long queued = releaseQueue();
        outbound.lost(queued);
        if (STATE.compareAndSet(this, ACTIVE, ENDED)) {
            long unsent = taken - written + queued;
            Signals.error(
                    actual,
                    new ConnectionLostException(
                            lost.getMessage() + "; " + unsent + " packets of this send were not handed to the socket",
                            lost.reason(),
                            unsent,
                            lost.getCause()));
        }
    }

    private void clearSource() {
        QueueSubscription<Packet> packets = source;
        if (packets != null) {
            packets.clear();
        }
    }
}
