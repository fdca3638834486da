package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jctools.queues.SpscArrayQueue;
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
final class SendSubscriber extends Sender implements CoreSubscriber<Packet>, Subscription {

    static final int MAX_WINDOW = 256;
    private static final int FIRST_WINDOW = 16;

    private static final int ACTIVE = 0;
    private static final int CANCELLED = 1;
    private static final int ENDED = 2;

    private final CoreSubscriber<? super Void> actual;
    private final Outbound outbound;

    private volatile int state;
    private static final AtomicIntegerFieldUpdater<SendSubscriber> STATE =
            AtomicIntegerFieldUpdater.newUpdater(SendSubscriber.class, "state");

    private volatile @Nullable SpscArrayQueue<Packet> queue;
    private volatile boolean upstreamDone;
    /** Written before upstreamDone. */
    private @Nullable Throwable upstreamError;

    private @Nullable Subscription upstream;
    private @Nullable QueueSubscription<Packet> source;

    // Event loop only.
    private long requested;
    private long taken;
    private long written;
    private long packetBytes;
    private int window = FIRST_WINDOW;
    private boolean registered;

    SendSubscriber(CoreSubscriber<? super Void> actual, Outbound outbound) {
        this.actual = actual;
        this.outbound = outbound;
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
        LimitException tooLarge = outbound.sizeError(packet);
        if (tooLarge != null) {
            packet.release();
            cancelUpstream();
            onError(tooLarge);
            return;
        }
        if (outbound.inEventLoop() && queueIsEmpty() && !outbound.isEnded()) {
            take(packet); // was asked for when there was room, and is not worth a queue
            outbound.flushSoon();
            if (requested - taken <= window >> 2) {
                replenish();
            }
        } else {
            enqueue(packet);
        }
    }

    private void enqueue(Packet packet) {
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

    private void cancelUpstream() {
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
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
        long outstanding = requested - taken;
        if (!registered
                || source != null
                || upstreamDone
                || state != ACTIVE
                || outstanding > window >> 2
                || !outbound.canEncode()) {
            return;
        }
        if (taken > 0) {
            long fitting = outbound.options().outboundBytes() / Math.max(1, packetBytes);
            window = (int) Math.max(1, Math.min(MAX_WINDOW, fitting));
            packetBytes -= packetBytes >> 3; // forget a large packet slowly
        }
        long more = window - outstanding;
        if (more > 0) {
            requested += more;
            Subscription subscription = upstream;
            if (subscription != null) {
                subscription.request(more);
            }
        }
    }

    @Override
    boolean drain(int max) {
        QueueSubscription<Packet> packets = source;
        if (packets != null) {
            return poll(packets, max);
        }
        SpscArrayQueue<Packet> present = queue;
        if (present == null) {
            return false;
        }
        for (int i = 0; i < max; i++) {
            if (!outbound.canEncode()) {
                return true;
            }
            Packet packet = present.poll();
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
        int polled = 0;
        try {
            while (polled < max && outbound.canEncode()) {
                Packet packet = packets.poll();
                if (packet == null) {
                    upstreamDone = true;
                    return false;
                }
                LimitException tooLarge = outbound.sizeError(packet);
                if (tooLarge != null) {
                    packet.release();
                    cancelUpstream();
                    clearSource();
                    end(tooLarge);
                    return false;
                }
                outbound.encode(packet, this);
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

    private void end(Throwable error) {
        upstreamError = error;
        upstreamDone = true;
    }

    private void take(Packet packet) {
        taken++;
        packetBytes = Math.max(packetBytes, packet.lengthBytes());
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
                    actual.onComplete();
                } else {
                    actual.onError(error);
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
        long queued = 0;
        SpscArrayQueue<Packet> present = queue;
        if (present != null) {
            for (Packet packet = present.poll(); packet != null; packet = present.poll()) {
                packet.release();
                queued++;
            }
        }
        outbound.lost(queued);
        if (STATE.compareAndSet(this, ACTIVE, ENDED)) {
            long unsent = taken - written + queued;
            actual.onError(new ConnectionLostException(
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

    @Override
    boolean queueIsEmpty() {
        SpscArrayQueue<Packet> present = queue;
        return present == null || present.isEmpty();
    }
}
