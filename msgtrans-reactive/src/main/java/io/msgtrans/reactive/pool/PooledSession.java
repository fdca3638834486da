package io.msgtrans.reactive.pool;

import io.msgtrans.reactive.Session;
import reactor.core.publisher.Mono;
import reactor.pool.PooledRef;

/** A session that its caller has for itself until it gives it back. */
public final class PooledSession {

    private final PooledRef<Session> ref;

    PooledSession(PooledRef<Session> ref) {
        this.ref = ref;
    }

    public Session session() {
        return ref.poolable();
    }

    /** Gives it back; it is used again unless it has ended or is ill. To be subscribed to; more than once does nothing. */
    public Mono<Void> release() {
        return ref.release();
    }

    /** Closes it instead of giving it back. To be subscribed to; more than once does nothing. */
    public Mono<Void> invalidate() {
        return ref.invalidate();
    }
}
