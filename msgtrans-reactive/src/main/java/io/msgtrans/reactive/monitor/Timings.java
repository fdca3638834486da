package io.msgtrans.reactive.monitor;

/**
 * How long things take on the sessions of one server, or of one client. Nothing is measured until somebody takes a {@link
 * Latencies#reader}, and a request costs nothing until then.
 *
 * <p>Safe for use by several threads.
 */
public final class Timings {

    private final Latencies requests = new Latencies();
    private final Latencies answers = new Latencies();
    private final Latencies handshakes = new Latencies();

    /** From the sending of a request to its response. */
    public Latencies requests() {
        return requests;
    }

    /** From the arrival of a peer's request to its answer. */
    public Latencies answers() {
        return answers;
    }

    /** From an accepted, or asked for, connection to an open session. */
    public Latencies handshakes() {
        return handshakes;
    }

    void measureAllUpTo(int perSecond) {
        requests.measureAllUpTo(perSecond);
        answers.measureAllUpTo(perSecond);
        handshakes.measureAllUpTo(perSecond);
    }
}
