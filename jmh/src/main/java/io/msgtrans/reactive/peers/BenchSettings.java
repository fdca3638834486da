package io.msgtrans.reactive.peers;

import java.time.Duration;

/**
 * What both processes of a run know.
 *
 * @param workload what is moved
 * @param warmUp time under load before the measured window
 * @param duration length of the measured window
 * @param limitRate bound of the receiving subscriber's demand, in packets, for contestants with such demand; 0 for
 *     unbounded
 */
public record BenchSettings(Workload workload, Duration warmUp, Duration duration, int limitRate) {

    public BenchSettings {
        if (warmUp.isNegative()) {
            throw new IllegalArgumentException("warm-up " + warmUp + " is negative");
        }
        if (duration.isZero() || duration.isNegative()) {
            throw new IllegalArgumentException("measured window " + duration + " is not positive");
        }
        if (limitRate < 0) {
            throw new IllegalArgumentException("limit rate " + limitRate + " is negative");
        }
    }

    /** Whether packets are counted by the server rather than sent back. */
    public boolean oneWay() {
        return workload.kind() == Workload.Kind.ONEWAY;
    }
}
