package io.msgtrans.reactive.monitor;

import java.util.Map;

/** Snapshots of a server that answers and does nothing else. */
final class Snapshots {

    private Snapshots() {}

    static MonitorSnapshot at(long second, double p99Micros) {
        return at(second, p99Micros, 10, 100 << 20, 0.2);
    }

    static MonitorSnapshot at(long second, double p99Micros, int sessions, long heapAfterGc, double cpu) {
        return new MonitorSnapshot(
                second * 1000,
                1,
                1000,
                1000,
                64_000,
                64_000,
                1000,
                new LatencySummary(
                        1000, p99Micros / 3, p99Micros / 4, p99Micros / 2, p99Micros, 2 * p99Micros, 3 * p99Micros),
                LatencySummary.NONE,
                0,
                0,
                0,
                0,
                10,
                sessions,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                -1,
                new ProcessStats(cpu, cpu, 0, heapAfterGc, 1 << 30, heapAfterGc, 10 << 20, 1 << 30, 0, 0, 20),
                Map.of("tcp", new MonitorSnapshot.ProtocolRates(sessions, 1000, 1000, 64_000, 64_000)));
    }
}
