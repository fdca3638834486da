package io.msgtrans.reactive;

import org.jspecify.annotations.Nullable;

/** A compressed payload that does not inflate, or inflates beyond a limit. Expected: only this packet is affected. */
public final class PayloadException extends TransportException {

    private static final long serialVersionUID = 1L;

    private final Compression compression;

    public PayloadException(Compression compression, String message, @Nullable Throwable cause) {
        super(Kind.EXPECTED, message, cause);
        this.compression = compression;
    }

    /** What the packet said it was compressed with. */
    public Compression compression() {
        return compression;
    }
}
