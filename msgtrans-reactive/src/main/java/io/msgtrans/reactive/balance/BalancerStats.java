package io.msgtrans.reactive.balance;

/**
 * What a balancer did so far, over all endpoints that it has or had.
 *
 * @param available endpoints that get calls
 * @param out endpoints that do not: ejected, or draining
 * @param outstanding attempts in flight
 * @param attempts attempts so far, hedges included
 * @param retries those of them that followed a failed one
 * @param hedges those of them that were made beside a slow one
 * @param failures those of them that failed, but for answers of the peer
 * @param errorAnswers those of them that the peer answered with an error
 * @param ejections how often an endpoint was ejected, or found to be draining
 */
public record BalancerStats(
        int available,
        int out,
        long outstanding,
        long attempts,
        long retries,
        long hedges,
        long failures,
        long errorAnswers,
        long ejections) {}
