package io.msgtrans.reactive;

/**
 * A bound of this side was reached and the call was refused before anything was written. Recoverable; but expected for a packet
 * above a size limit, which will never fit.
 */
public final class LimitException extends TransportException {

    private static final long serialVersionUID = 1L;

    private final String option;
    private final long limit;
    private final long value;

    /**
     * @param what what was refused
     * @param option the option that sets the limit
     * @param limit the limit
     * @param value the value that was found
     */
    public LimitException(String what, String option, long limit, long value) {
        this(Kind.RECOVERABLE, what, option, limit, value);
    }

    private LimitException(Kind kind, String what, String option, long limit, long value) {
        super(kind, what + ": " + value + " is above the limit " + limit + " (option " + option + ")", null);
        this.option = option;
        this.limit = limit;
        this.value = value;
    }

    /** The error of something that is too large, now and later. */
    public static LimitException tooLarge(String what, String option, long limit, long value) {
        return new LimitException(Kind.EXPECTED, what, option, limit, value);
    }

    /** The name of the option that sets the limit. */
    public String option() {
        return option;
    }

    /** The limit that was in force. */
    public long limit() {
        return limit;
    }

    /** The value that exceeded it. */
    public long value() {
        return value;
    }
}
