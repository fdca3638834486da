package io.msgtrans.reactive.tuning;

import io.msgtrans.reactive.monitor.MonitorSnapshot;
import io.msgtrans.reactive.monitor.ProcessStats;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How a server did over some time: means, and for times the mean of the percentiles.
 *
 * @param packetsIn per second
 * @param packetsOut per second
 * @param packetsPerWrite packets that went into one write
 * @param p99Micros 99th percentile of the answers; 0 without requests
 * @param errorRate share of the requests
 * @param cpu share of all processors, 0..1
 * @param heap share of the heap that a collection left, 0..1
 * @param direct share of the direct memory in use, 0..1
 * @param stalled sessions that were not read for want of demand
 * @param full sessions whose socket took no more
 * @param sessions open sessions
 */
public record Situation(
        double packetsIn,
        double packetsOut,
        double packetsPerWrite,
        double p99Micros,
        double errorRate,
        double cpu,
        double heap,
        double direct,
        double stalled,
        double full,
        double sessions) {

    /** Of snapshots, one at least. */
    public static Situation of(List<MonitorSnapshot> snapshots) {
        return new Situation(
                mean(snapshots, MonitorSnapshot::packetsIn),
                mean(snapshots, MonitorSnapshot::packetsOut),
                mean(snapshots, MonitorSnapshot::packetsPerWrite),
                mean(snapshots, snapshot -> snapshot.answers().p99()),
                mean(snapshots, MonitorSnapshot::errorRate),
                mean(snapshots, snapshot -> snapshot.process().cpu()),
                mean(snapshots, snapshot -> heap(snapshot.process())),
                mean(snapshots, snapshot -> direct(snapshot.process())),
                mean(snapshots, MonitorSnapshot::stalled),
                mean(snapshots, MonitorSnapshot::full),
                mean(snapshots, MonitorSnapshot::sessions));
    }

    private static double heap(ProcessStats process) {
        return process.heapMax() <= 0 ? 0 : (double) process.heapAfterGc() / process.heapMax();
    }

    private static double direct(ProcessStats process) {
        return process.directMax() <= 0 ? 0 : (double) process.directUsed() / process.directMax();
    }

    private static double mean(List<MonitorSnapshot> snapshots, ToDoubleFunction<MonitorSnapshot> figure) {
        return snapshots.stream().mapToDouble(figure).average().orElse(0);
    }

    double packets() {
        return packetsIn + packetsOut;
    }

    double memory() {
        return Math.max(heap, direct);
    }
}
