package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.pool.PoolStats;
import java.time.Duration;

/**
 * How an endpoint of a balancer does.
 *
 * @param endpoint which one
 * @param available whether it gets calls: not ejected, and not draining
 * @param calls calls and attempts so far
 * @param failures those that failed, but for answers of the peer
 * @param errorAnswers answers of the peer that were errors, but for refusals of one that drains or has too much to do
 * @param busy the time of all calls that ended, added up
 * @param outstanding calls in flight
 * @param latency the peak-sensitive average, see {@link Candidate#latencyNanos()}
 * @param ejections how often it was ejected
 * @param pool its sessions
 */
public record EndpointStats(
        Endpoint endpoint,
        boolean available,
        long calls,
        long failures,
        long errorAnswers,
        Duration busy,
        int outstanding,
        Duration latency,
        int ejections,
        PoolStats pool) {}
