package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;

/** One subscriber of {@code receive()}: its demand as a running total, so that delivery writes no shared memory. */
final class InboundSubscription extends Demand implements Subscription, Runnable {

    final boolean borrowed;
    private final Inbound inbound;
    private final CoreSubscriber<? super Packet> actual;

    private volatile boolean cancelled;

    // Event loop only.
    private long delivered;
    private long limit;

    InboundSubscription(Inbound inbound, CoreSubscriber<? super Packet> actual, boolean borrowed) {
        this.inbound = inbound;
        this.actual = actual;
        this.borrowed = borrowed || actual instanceof SendSubscriber; // which encodes at once, or copies what waits
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            inbound.inEventLoop(() ->
                    fail(new IllegalArgumentException("§3.9: request of " + n + " elements; demand must be positive")));
            return;
        }
        if (add(n)) {
            inbound.inEventLoop(this);
        }
    }

    @Override
    public void run() {
        beginRun();
        inbound.demanded();
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            inbound.inEventLoop(() -> inbound.cancelled(this));
        }
    }

    // ---- event loop ----

    /** Never again once it has cancelled: what comes then is the next subscriber's. */
    boolean hasDemand() {
        return !cancelled && (delivered < limit || delivered < (limit = requested()));
    }

    /** {@link #hasDemand()} for other threads, which get an estimate. */
    boolean seemsToHaveDemand() {
        return delivered < requested();
    }

    /** Gives the subscriber a packet that it has demand for. */
    void deliver(Packet packet) {
        delivered++;
        try {
            actual.onNext(packet);
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            inbound.subscriberFailed(thrown);
        }
    }

    void end(@Nullable Throwable error) {
        if (cancelled) {
            return;
        }
        cancelled = true;
        if (error == null) {
            Signals.complete(actual);
        } else {
            Signals.error(actual, error);
        }
    }

    private void fail(Throwable error) {
        inbound.cancelled(this);
        end(error);
    }
}
