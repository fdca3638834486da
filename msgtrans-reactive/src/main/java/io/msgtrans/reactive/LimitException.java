package io.msgtrans.reactive;

/**
 * A bound of this side was reached and the call was refused before anything was written. Recoverable, except that a
 * packet above a size limit will never fit.
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
        super(
                Kind.RECOVERABLE,
                what + ": " + value + " is above the limit " + limit + " (option " + option + ")",
                null);
        this.option = option;
        this.limit = limit;
        this.value = value;
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
