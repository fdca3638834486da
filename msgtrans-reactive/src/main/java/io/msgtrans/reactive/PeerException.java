package io.msgtrans.reactive;

/** The peer answered a request or a stream with an error. Expected: only this request or stream is affected. */
public final class PeerException extends TransportException {

    /** The peer's handler failed. */
    public static final int APPLICATION = 1;
    /** The peer has as many open streams as it allows. */
    public static final int TOO_MANY_STREAMS = 2;
    /** The peer has no handler for this. */
    public static final int NO_HANDLER = 3;
    /** An item is larger than the peer may send. */
    public static final int ITEM_TOO_LARGE = 4;
    /** The caller's deadline passed before the peer was done; see {@link Deadline}. */
    public static final int DEADLINE_PASSED = 5;
    /** The peer gave up. */
    public static final int CANCELLED = 6;
    /** The payload is not what the peer's handler reads. */
    public static final int BAD_PAYLOAD = 7;
    /** The peer is draining and takes no more work; another one may. */
    public static final int UNAVAILABLE = 8;
    /** An earlier packet of this sender is missing; sent again after it, this one is accepted. */
    public static final int OUT_OF_ORDER = 9;
    /** The peer has more work than it can do, or gets it faster than it allows; another one may take it, or this one later. */
    public static final int OVERLOADED = 10;
    /** The peer does not let this side in. */
    public static final int UNAUTHENTICATED = 11;
    /** The peer knows who this side is, and does not let it do this. */
    public static final int FORBIDDEN = 12;
    /** From here on codes are the application's own. */
    public static final int FIRST_OWN = 256;

    private static final long serialVersionUID = 1L;

    private final int code;

    /**
     * An error to answer with, or one that came.
     *
     * @param code one of the constants, or the application's own from {@link #FIRST_OWN} on
     * @param message for people
     */
    public PeerException(int code, String message) {
        super(Kind.EXPECTED, message, null);
        this.code = code;
    }

    /** One of the constants, or the application's own. */
    public int code() {
        return code;
    }
}
