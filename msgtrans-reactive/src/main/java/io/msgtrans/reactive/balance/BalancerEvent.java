package io.msgtrans.reactive.balance;

/**
 * Something that happened to an endpoint of a balancer.
 *
 * @param kind what
 * @param endpoint to which one
 * @param detail for people; may be empty
 */
public record BalancerEvent(Kind kind, Endpoint endpoint, String detail) {

    /** What can happen. */
    public enum Kind {
        /** The source named it. */
        ADDED,
        /** The source names it no more; its calls end. */
        REMOVED,
        /** It failed too often and gets no calls for a while. */
        EJECTED,
        /** It goes away by its own account and gets no new calls. */
        DRAINING,
        /** It was tried after its time, and still fails. */
        PROBE_FAILED,
        /** It was tried after its time, and is back. */
        READMITTED
    }
}
