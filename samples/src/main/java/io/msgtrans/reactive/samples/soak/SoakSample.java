package io.msgtrans.reactive.samples.soak;

import io.msgtrans.reactive.samples.process.MemoryUse;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How the process stood at the end of an interval.
 *
 * @param seconds since the beginning
 * @param memory behind a collection
 * @param threads live ones
 * @param files open ones; 0 where the system does not tell
 * @param sessions of the server
 * @param packets that went through in the interval
 * @param p50Micros median round trip in the interval, of requests that met no fault
 * @param p99Micros 99th percentile of the same
 * @param faults since the beginning
 * @param violations since the beginning
 */
record SoakSample(
        long seconds,
        MemoryUse memory,
        int threads,
        long files,
        int sessions,
        long packets,
        double p50Micros,
        double p99Micros,
        long faults,
        long violations) {

    static final String HEADING = String.format(
            "%9s %12s %8s %8s %8s %8s %9s %8s %6s %9s %7s %11s",
            "time",
            "packets",
            "p50 us",
            "p99 us",
            "heap MB",
            "direct",
            "resident",
            "threads",
            "files",
            "sessions",
            "faults",
            "violations");

    String row() {
        return String.format(
                Locale.ROOT,
                "%3d:%02d:%02d %,12d %,8.0f %,8.0f %8.1f %8.1f %9.1f %8d %6d %9d %7d %11d",
                TimeUnit.SECONDS.toHours(seconds),
                TimeUnit.SECONDS.toMinutes(seconds) % 60,
                seconds % 60,
                packets,
                p50Micros,
                p99Micros,
                memory.heapBytes() / 1e6,
                memory.directBytes() / 1e6,
                memory.residentBytes() / 1e6,
                threads,
                files,
                sessions,
                faults,
                violations);
    }
}
