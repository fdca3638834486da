package io.msgtrans.reactive;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/** A server could not listen. Recoverable: the address may be free later. */
public final class BindFailedException extends TransportException {

    private static final long serialVersionUID = 1L;

    private final URI uri;

    public BindFailedException(URI uri, String message, @Nullable Throwable cause) {
        super(Kind.RECOVERABLE, message, cause);
        this.uri = uri;
    }

    /** The address that failed. */
    public URI uri() {
        return uri;
    }
}
