package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/** One request that waits for its response: entry of the pending table, of the wheel, and subscription of the caller. */
final class PendingRequest extends TimeoutWheel.Timeout implements Subscription {

    private static final int WAITING = 0;
    private static final int REQUESTED = 1;
    private static final int RESPONDED = 2;
    private static final int DONE = 3;

    final Packet packet;
    /** Goes before the packet's own extension header; {@code null} for a plain request. */
    final byte @Nullable [] metadata;

    /** The lane that it takes. */
    final Outbound outbound;

    final Duration timeout;
    private final PendingRequests table;
    private final CoreSubscriber<? super Packet> actual;

    private volatile int state;
    private static final AtomicIntegerFieldUpdater<PendingRequest> STATE =
            AtomicIntegerFieldUpdater.newUpdater(PendingRequest.class, "state");

    /** Written before state becomes RESPONDED. */
    private @Nullable Packet response;

    // Event loop only.
    int id;
    boolean registered;
    /** Whether the peer knows of it. */
    boolean sent;
    /** When it was registered, or 0 when it is not measured. */
    long startNanos;

    PendingRequest(
            PendingRequests table,
            Outbound outbound,
            Packet packet,
            byte @Nullable [] metadata,
            Duration timeout,
            CoreSubscriber<? super Packet> actual) {
        this.table = table;
        this.outbound = outbound;
        this.metadata = metadata;
        this.packet = packet;
        this.timeout = timeout;
        this.actual = actual;
    }

    boolean isDone() {
        return state == DONE;
    }

    /** Gives the response, at once or when it is asked for. */
    void respond(Packet packet) {
        response = packet;
        if (!STATE.compareAndSet(this, WAITING, RESPONDED) && STATE.compareAndSet(this, REQUESTED, DONE)) {
            emit(packet);
        }
    }

    /** Fails unless it was cancelled, or answered, in between: then nobody wants to know. */
    void fail(Throwable error) {
        int before = STATE.getAndSet(this, DONE);
        if (before == WAITING || before == REQUESTED) {
            Signals.error(actual, error);
        }
    }

    @Override
    void expire() {
        table.timedOut(this);
        fail(new RequestTimeoutException(
                "no response to request " + Integer.toUnsignedString(id) + " within " + timeout + table.stallHint()
                        + " (option requestTimeout)",
                timeout));
    }

    @Override
    public void request(long n) {
        if (Operators.validate(n)
                && !STATE.compareAndSet(this, WAITING, REQUESTED)
                && STATE.compareAndSet(this, RESPONDED, DONE)
                && response != null) {
            emit(response);
        }
    }

    private void emit(Packet packet) {
        actual.onNext(packet);
        actual.onComplete();
    }

    @Override
    public void cancel() {
        if (STATE.getAndSet(this, DONE) != DONE) {
            table.cancelled(this);
        }
    }
}
