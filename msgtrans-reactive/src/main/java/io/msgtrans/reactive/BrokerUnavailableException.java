package io.msgtrans.reactive;

import org.jspecify.annotations.Nullable;

/** Brokers did not take a record in time. Recoverable: it may be sent again, and may then be there twice. */
public final class BrokerUnavailableException extends TransportException {

    private static final long serialVersionUID = 1L;

    public BrokerUnavailableException(String message, @Nullable Throwable cause) {
        super(Kind.RECOVERABLE, message, cause);
    }
}
