package io.msgtrans.reactive.monitor;

import io.msgtrans.reactive.monitor.History.Resolution;
import io.netty.buffer.ByteBufUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Looks for what only grows: a slope of Theil and Sen that is large enough to matter, and by the test of Mann and Kendall no chance.
 * Buffers that were dropped without release are told by Netty's leak detector, as far as its level samples them.
 */
final class LeakWatch {

    /** Chance finds such a trend once in a thousand. */
    private static final double CERTAIN = 3.1;
    /** Values that are looked at: 10 minutes of the middle resolution. */
    private static final int WINDOW = 60;

    private static final int LEAST = 30;
    private static final double LEAST_SHARE = 0.1;

    private record Watched(Figure figure, String what, String unit, double least, String advice) {}

    private static final List<Watched> WATCHED = List.of(
            new Watched(
                    Figure.HEAP_AFTER_GC,
                    "heap after collections",
                    "MiB",
                    32 << 20,
                    "take two heap dumps some minutes apart and compare them"),
            new Watched(
                    Figure.DIRECT,
                    "direct memory",
                    "MiB",
                    8 << 20,
                    "run with -Dio.netty.leakDetection.level=paranoid and look for buffers that are kept"),
            new Watched(
                    Figure.SESSIONS,
                    "sessions",
                    "sessions",
                    100,
                    "if clients do not know of so many, set an idle time-out or heartbeats"),
            new Watched(
                    Figure.PENDING_REQUESTS,
                    "pending requests",
                    "requests",
                    100,
                    "peers answer more slowly than they are asked; bound the callers, or lower maxPendingRequests"));

    /** How many buffers were dropped without release, by what the leak detector calls them; of the whole process. */
    private static final Map<String, LongAdder> DROPPED = new ConcurrentHashMap<>();

    private final double heapShare;
    private final double valuesPerMinute;

    /** @param interval between snapshots; ten of them make one value */
    LeakWatch(double heapShare, Duration interval) {
        this.heapShare = heapShare;
        this.valuesPerMinute = Duration.ofMinutes(1).toNanos() / (10.0 * interval.toNanos());
    }

    /** Asks Netty to tell of dropped buffers. It knows one listener per process, so only who wants this calls it. */
    static void listen() {
        ByteBufUtil.setLeakListener((resource, records) ->
                DROPPED.computeIfAbsent(resource, any -> new LongAdder()).increment());
    }

    /** Begins to count anew, without a listener; for tests. */
    static void forget() {
        ByteBufUtil.setLeakListener(null);
        DROPPED.clear();
    }

    List<Leak> leaks(History history, MonitorSnapshot now) {
        List<Leak> found = new ArrayList<>();
        for (Watched watched : WATCHED) {
            double[] values = history.last(watched.figure(), Resolution.MIDDLE, WINDOW);
            if (values.length >= LEAST && grows(watched, values, now)) {
                found.add(leak(watched, values, valuesPerMinute));
            }
        }
        DROPPED.forEach(
                (resource, count) -> found.add(
                        new Leak(
                                "buffers dropped without release",
                                "buffers",
                                0,
                                count.sum(),
                                count.sum() + " x " + resource
                                        + " dropped without release; -Dio.netty.leakDetection.level=paranoid tells where they were last used")));
        return found;
    }

    private boolean grows(Watched watched, double[] values, MonitorSnapshot now) {
        double growth = RobustStatistics.slope(values) * values.length;
        boolean enough = growth > Math.max(watched.least(), LEAST_SHARE * RobustStatistics.median(values));
        boolean heapIsGarbage = watched.figure() == Figure.HEAP_AFTER_GC
                && now.process().heapAfterGc() < heapShare * now.process().heapMax();
        return enough && !heapIsGarbage && RobustStatistics.trend(values) > CERTAIN;
    }

    private static Leak leak(Watched watched, double[] values, double perMinute) {
        double scale = watched.unit().equals("MiB") ? 1 << 20 : 1;
        double slope = RobustStatistics.slope(values) * perMinute / scale;
        double last = values[values.length - 1] / scale;
        return new Leak(
                watched.what(),
                watched.unit(),
                slope,
                last,
                String.format(
                        Locale.ROOT,
                        "%s: %.1f %s more per minute over the last %.0f minutes, %.0f now; %s",
                        watched.what(),
                        slope,
                        watched.unit(),
                        values.length / perMinute,
                        last,
                        watched.advice()));
    }
}
