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
        int outstanding,
        Duration latency,
        int ejections,
        PoolStats pool) {}
