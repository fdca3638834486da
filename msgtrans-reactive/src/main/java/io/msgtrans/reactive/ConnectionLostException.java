package io.msgtrans.reactive;

import org.jspecify.annotations.Nullable;

/** The connection ended before the call was done. Critical: a new connection is needed. */
public final class ConnectionLostException extends TransportException {

    private static final long serialVersionUID = 1L;

    private final CloseReason reason;
    private final long unsentPackets;

    /**
     * @param message what was interrupted
     * @param reason why the connection ended
     * @param unsentPackets packets of this call that were not handed to the socket
     * @param cause the error of the socket, if there was one
     */
    public ConnectionLostException(String message, CloseReason reason, long unsentPackets, @Nullable Throwable cause) {
        super(Kind.CRITICAL, message, cause);
        this.reason = reason;
        this.unsentPackets = unsentPackets;
    }

    /** Why the connection ended. */
    public CloseReason reason() {
        return reason;
    }

    /**
     * How many packets of the failed call were taken from its publisher and not handed to the socket as a whole. Of the
     * others the socket had the bytes; whether the peer received them only an answer of the peer can tell.
     */
    public long unsentPackets() {
        return unsentPackets;
    }
}
