package io.msgtrans.reactive;

import org.jspecify.annotations.Nullable;

/** The server does not let this side in. Expected: trying again with the same credentials does not help. */
public final class AuthenticationException extends TransportException {

    private static final long serialVersionUID = 1L;

    public AuthenticationException(String message, @Nullable Throwable cause) {
        super(Kind.EXPECTED, message, cause);
    }
}
