package io.msgtrans.reactive.reconnect;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Session;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link ReconnectingSession} stands.
 *
 * @param kind the state
 * @param attempt which attempt in a row this is, from 1 on; 0 where none is under way
 * @param session the session that is open, or was lost; else {@code null}
 * @param reason why the session was lost, else {@code null}
 * @param error why the last attempt failed, else {@code null}
 */
public record ConnectionState(
        Kind kind,
        int attempt,
        @Nullable Session session,
        @Nullable CloseReason reason,
        @Nullable Throwable error) {

    /** The states. */
    public enum Kind {
        /** An attempt is under way, or its pause. */
        CONNECTING,
        /** A session is open. */
        OPEN,
        /** It has ended; attempts follow. */
        LOST,
        /** All attempts failed: nothing follows. */
        FAILED,
        /** This side has ended it: nothing follows. */
        CLOSED
    }
}
