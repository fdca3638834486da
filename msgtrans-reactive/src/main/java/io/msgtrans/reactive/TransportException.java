package io.msgtrans.reactive;

import org.jspecify.annotations.Nullable;

/**
 * Anything that goes wrong with a connection. {@link #kind()} answers what to do next; the subclass and its fields say
 * what happened; the message names what was wrong, the limit and the option that changes it.
 */
public abstract class TransportException extends RuntimeException {

    /** What a caller can do about an error. */
    public enum Kind {
        /** The connection is lost or broken: only a new one helps. */
        CRITICAL,
        /** The same call may succeed later. */
        RECOVERABLE,
        /** An answer of the peer, or data it sent, that is wrong on its own; the connection is unharmed. */
        EXPECTED
    }

    private static final long serialVersionUID = 1L;

    private final Kind kind;

    TransportException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What a caller can do about it. */
    public final Kind kind() {
        return kind;
    }
}
