package io.msgtrans.reactive.monitor;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Times in microseconds, all 0 when there were none.
 *
 * @param count how many were measured, or stand for
 * @param mean arithmetic mean
 * @param p50 half of them were no longer
 * @param p90 nine of ten were no longer
 * @param p99 99 of 100 were no longer
 * @param p999 999 of 1,000 were no longer
 * @param max the longest
 */
public record LatencySummary(long count, double mean, double p50, double p90, double p99, double p999, double max) {

    /** Of no times. */
    public static final LatencySummary NONE = new LatencySummary(0, 0, 0, 0, 0, 0, 0);

    /** Of times in nanoseconds. */
    public static LatencySummary of(Histogram nanos) {
        if (nanos.getTotalCount() == 0) {
            return NONE;
        }
        return new LatencySummary(
                nanos.getTotalCount(),
                micros(nanos.getMean()),
                micros((double) nanos.getValueAtPercentile(50)),
                micros((double) nanos.getValueAtPercentile(90)),
                micros((double) nanos.getValueAtPercentile(99)),
                micros((double) nanos.getValueAtPercentile(99.9)),
                micros((double) nanos.getMaxValue()));
    }

    private static double micros(double nanos) {
        return nanos / TimeUnit.MICROSECONDS.toNanos(1);
    }
}
