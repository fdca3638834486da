package io.msgtrans.reactive;

import java.time.Duration;

/**
 * What was asked for, a response or a session of a pool, did not come within the time-out. Recoverable; a response that comes later
 * is counted and dropped.
 */
public final class RequestTimeoutException extends TransportException {

    private static final long serialVersionUID = 1L;

    private final Duration timeout;

    public RequestTimeoutException(String message, Duration timeout) {
        super(Kind.RECOVERABLE, message, null);
        this.timeout = timeout;
    }

    /** How long was waited. */
    public Duration timeout() {
        return timeout;
    }
}
