package io.msgtrans.reactive.balance;

/** What a {@link Balancing} may know of an endpoint. Figures move while they are looked at. */
public interface Candidate {

    Endpoint endpoint();

    /**
     * How much load it should get beside others: the endpoint's weight, a quarter of it while it is late (degraded), and less in
     * the first seconds after it came back.
     */
    double weight();

    /** Calls in flight of this balancer. */
    int outstanding();

    /**
     * Time of a call in nanoseconds, by the peak-sensitive moving average of Finagle's {@code PeakEwma}: a slower call counts at
     * once, faster ones let it decay with a time constant of ten seconds. 0 before the first call.
     */
    double latencyNanos();

    /** Use of its machine's processors, 0..1, as it said last; 0 when it does not say. */
    double cpu();

    /** Its open sessions, as it said last; those of this balancer when it does not say. */
    long sessions();
}
