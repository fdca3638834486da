package io.msgtrans.reactive.samples.faults;

import java.util.Locale;

/**
 * What a fault did.
 *
 * @param fault which one
 * @param calls answered requests
 * @param failed requests that failed, each with a typed error
 * @param slowestMillis the longest that a request took, failed ones included
 * @param noticedMillis from the fault until the balancer left the server out; negative when it had no need to
 * @param backMillis from the end of the fault until the server got calls again; negative when it was never left out
 * @param acknowledged packets whose delivery was acknowledged
 * @param lost those of them that the servers' journals do not have
 * @param twice those that are there more than once
 * @param did what the client did, for people
 */
record FaultResult(
        String fault,
        long calls,
        long failed,
        long slowestMillis,
        long noticedMillis,
        long backMillis,
        long acknowledged,
        long lost,
        long twice,
        String did) {

    static final String HEADING =
            "| fault | answered | failed | slowest ms | noticed ms | back ms | acknowledged | lost |"
                    + " twice | what the client did |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---|";

    /** A row of the table. */
    String row() {
        return String.format(
                Locale.ROOT,
                "| %s | %,d | %,d | %,d | %s | %s | %,d | %,d | %,d | %s |",
                fault,
                calls,
                failed,
                slowestMillis,
                noticedMillis < 0 ? "-" : String.format(Locale.ROOT, "%,d", noticedMillis),
                backMillis < 0 ? "-" : String.format(Locale.ROOT, "%,d", backMillis),
                acknowledged,
                lost,
                twice,
                did);
    }
}
