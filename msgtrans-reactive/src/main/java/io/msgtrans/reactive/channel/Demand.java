package io.msgtrans.reactive.channel;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import reactor.core.publisher.Operators;

/**
 * The demand of a subscriber of what an event loop has: added to by any thread, looked at by the event loop, which is woken once
 * however often it grows. Order matters in both: add, then ask who wakes; take the turn, then look.
 */
class Demand {

    /** All that was ever requested; {@code Long.MAX_VALUE} is without bound. */
    private volatile long requested;

    private static final AtomicLongFieldUpdater<Demand> REQUESTED =
            AtomicLongFieldUpdater.newUpdater(Demand.class, "requested");

    /** 1 while a run of the event loop is under way that has not looked yet. */
    private volatile int scheduled;

    private static final AtomicIntegerFieldUpdater<Demand> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(Demand.class, "scheduled");

    /** Adds to the demand; true when the caller must see to a run of the event loop. */
    final boolean add(long n) {
        Operators.addCap(REQUESTED, this, n);
        return scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1);
    }

    /** The run of the event loop begins: what is added from here on needs another. */
    final void beginRun() {
        scheduled = 0;
    }

    final long requested() {
        return requested;
    }
}
