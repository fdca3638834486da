package io.msgtrans.reactive;

/** The answer of {@link Session#offer(Packet)}. */
public enum OfferResult {
    /** The session has the packet; it will be written, or counted as lost when the connection ends first. */
    ACCEPTED,
    /**
     * The session's outbound bound (packets or bytes) is reached and the packet was not taken: drop it, keep the latest,
     * or wait for {@link Session#writable()}.
     */
    FULL,
    /** The session is closing or closed; no later offer will be accepted. */
    CLOSED
}
