package io.msgtrans.reactive.pool;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.health.Health;
import io.msgtrans.reactive.health.HealthState;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.pool.PooledRef;

/** A session that callers share, and how many of them use it at the moment. */
final class SharedSession {

    final PooledRef<Session> ref;
    private final AtomicInteger calls = new AtomicInteger();
    /** No call comes any more; whoever ends the last one gives it back. */
    private static final int CLOSED = Integer.MIN_VALUE;

    SharedSession(PooledRef<Session> ref) {
        this.ref = ref;
    }

    Session session() {
        return ref.poolable();
    }

    int calls() {
        return calls.get() & Integer.MAX_VALUE;
    }

    /** A call begins; false when it may not. */
    boolean enter() {
        int before;
        do {
            before = calls.get();
            if (before < 0) {
                return false;
            }
        } while (!calls.compareAndSet(before, before + 1));
        return true;
    }

    /** A call has ended; true when it was the last one and no other follows. */
    boolean exit() {
        return calls.decrementAndGet() == CLOSED;
    }

    /** No call may begin; true when none is under way. */
    boolean close() {
        int before;
        do {
            before = calls.get();
            if (before < 0) {
                return false;
            }
        } while (!calls.compareAndSet(before, before | CLOSED));
        return before == 0;
    }

    /** Whether it gets calls while there is another one. */
    boolean isFit() {
        return isFit(session());
    }

    /** What is compared when one is chosen: a late one counts as if it had many more calls. */
    int weightedCalls() {
        int late = session().health().state() == HealthState.DEGRADED ? 4 : 1;
        return (calls() + 1) * late;
    }

    /** Whether a pool keeps a session: open, not ill, and of a server that stays. */
    static boolean isFit(Session session) {
        Health health = session.health();
        return session.isOpen()
                && health.state().isAtLeast(HealthState.DEGRADED)
                && !health.load().draining();
    }
}
