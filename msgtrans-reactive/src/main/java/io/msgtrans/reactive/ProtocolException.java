package io.msgtrans.reactive;

/** The peer broke a rule of the wire format or a limit. Critical: the connection is closed. */
public final class ProtocolException extends TransportException {

    private static final long serialVersionUID = 1L;

    /** Which close code tells the peer. */
    public enum Rule {
        /** Bytes that are not a packet of this version. */
        MALFORMED,
        /** Text that is not UTF-8. */
        NOT_TEXT,
        /** Larger than the limit of this side. */
        TOO_LARGE,
        /** A kind of message that this side does not accept. */
        UNSUPPORTED,
        /** More control frames, fragments or the like than a peer may send. */
        EXCESS
    }

    private final Rule rule;

    public ProtocolException(Rule rule, String message) {
        super(Kind.CRITICAL, message, null);
        this.rule = rule;
    }

    /** Which kind of rule was broken. */
    public Rule rule() {
        return rule;
    }
}
