package io.msgtrans.reactive;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/** A connection could not be opened. Recoverable: the peer may be reachable later. */
public final class ConnectFailedException extends TransportException {

    private static final long serialVersionUID = 1L;

    private final URI uri;

    public ConnectFailedException(URI uri, String message, @Nullable Throwable cause) {
        super(Kind.RECOVERABLE, message, cause);
        this.uri = uri;
    }

    /** Where to. */
    public URI uri() {
        return uri;
    }
}
