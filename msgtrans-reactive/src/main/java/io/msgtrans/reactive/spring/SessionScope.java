package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.Session;
import reactor.util.context.Context;

/** What comes with the session that a handler works for. */
interface SessionScope {

    /** Nothing. */
    SessionScope NONE = new SessionScope() {};

    /** The Reactor context of what the handler returned. */
    default Context enter(Session session, Context context) {
        return context;
    }

    /** What the peer is told of a failure. */
    default Throwable failure(Throwable error) {
        return error;
    }
}
