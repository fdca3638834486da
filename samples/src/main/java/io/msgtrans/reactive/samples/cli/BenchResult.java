package io.msgtrans.reactive.samples.cli;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What a bench run measured.
 *
 * @param settings what was run
 * @param seconds length of the measured window
 * @param messages what was confirmed in it: counted by the server, or answered
 * @param latency round trips, or the way of a broadcast, in nanoseconds; empty where the workload has none
 * @param errors wrong or missing answers, broken sessions
 */
record BenchResult(BenchSettings settings, double seconds, long messages, Histogram latency, long errors) {

    double messagesPerSecond() {
        return messages / seconds;
    }

    double megabytesPerSecond() {
        return messagesPerSecond() * settings.payload() / 1e6;
    }

    String json() {
        return String.format(
                Locale.ROOT,
                "{\"workload\":\"%s\",\"uri\":\"%s\",\"payload\":%d,\"connections\":%d,\"window\":%d,\"seconds\":%.3f,"
                        + "\"messages\":%d,\"messagesPerSecond\":%.1f,\"megabytesPerSecond\":%.3f,\"p50Us\":%.1f,"
                        + "\"p90Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f,\"errors\":%d}",
                settings.workload().name().toLowerCase(Locale.ROOT),
                settings.uri().replace("\\", "\\\\").replace("\"", "\\\""),
                settings.payload(),
                settings.connections(),
                settings.window(),
                seconds,
                messages,
                messagesPerSecond(),
                megabytesPerSecond(),
                micros(50),
                micros(90),
                micros(99),
                micros(99.9),
                latency.getMaxValue() / 1e3,
                errors);
    }

    String text() {
        String rate = String.format(
                Locale.ROOT,
                "%s  %,d messages in %.2f s  %,.0f /s  %.1f MB/s  errors %d",
                settings.workload().name().toLowerCase(Locale.ROOT),
                messages,
                seconds,
                messagesPerSecond(),
                megabytesPerSecond(),
                errors);
        if (latency.getTotalCount() == 0) {
            return rate;
        }
        return rate
                + String.format(
                        Locale.ROOT,
                        "%n%s, µs: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f",
                        settings.workload() == BenchSettings.Workload.BROADCAST ? "delivery" : "round trip",
                        micros(50),
                        micros(90),
                        micros(99),
                        micros(99.9),
                        latency.getMaxValue() / 1e3);
    }

    private double micros(double percentile) {
        return latency.getValueAtPercentile(percentile) / 1e3;
    }
}
