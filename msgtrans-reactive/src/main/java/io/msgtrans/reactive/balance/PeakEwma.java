package io.msgtrans.reactive.balance;

import java.util.concurrent.TimeUnit;

/**
 * A moving average that goes up with a peak at once and comes down slowly (Finagle's {@code PeakEwma}): a newer, lower value
 * counts {@code 1 - exp(-t / tau)}, where t is the time since the last one.
 */
final class PeakEwma {

    private static final double TAU_NANOS = TimeUnit.SECONDS.toNanos(10);

    // Guarded by this.
    private double value;
    private long stampNanos;

    synchronized void observe(long nanos, long nowNanos) {
        if (nanos > value) {
            value = nanos;
        } else {
            double kept = Math.exp(-Math.max(0, nowNanos - stampNanos) / TAU_NANOS);
            value = value * kept + nanos * (1 - kept);
        }
        stampNanos = nowNanos;
    }

    /** The average, decayed to now, so that who had a bad moment and gets no calls is tried again. */
    synchronized double value(long nowNanos) {
        return value * Math.exp(-Math.max(0, nowNanos - stampNanos) / TAU_NANOS);
    }
}
