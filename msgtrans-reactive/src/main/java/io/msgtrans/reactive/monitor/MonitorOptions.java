package io.msgtrans.reactive.monitor;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** How a {@link Monitor} looks and when it calls. Immutable: each method returns a changed copy. */
public final class MonitorOptions implements Cloneable {

    /** The defaults. */
    public static final MonitorOptions DEFAULTS = new MonitorOptions();

    // Never written after the copy that a method returns has left it.
    private Duration interval = Duration.ofSeconds(1);
    private Duration p99 = Duration.ofMillis(1);
    private double errorRate = 0.001;
    private double cpu = 0.8;
    private double memory = 0.9;
    private double bufferHitRate = 0.95;
    private Duration alertAfter = Duration.ofSeconds(10);
    private Duration clearAfter = Duration.ofSeconds(30);
    private List<AlertRule> rules = List.of();
    private Consumer<? super Alert> onAlert = alert -> {};
    private boolean watchBuffers;
    private boolean watchDropped;
    private double leakHeapShare = 0.45;
    private int measureAllUpTo = 50_000;

    private MonitorOptions() {}

    /** How often it looks, 10 ms..1 min; default 1 s. */
    public MonitorOptions interval(Duration interval) {
        MonitorOptions copy = copy();
        copy.interval =
                OptionRange.check("interval", interval, Duration.ofMillis(10), Duration.ofMinutes(1), "10 ms..1 min");
        return copy;
    }

    public Duration interval() {
        return interval;
    }

    /**
     * Up to so many requests per second each is measured, 1..10,000,000; default 50,000. Above it, every 16th is. The last monitor of a server
     * decides for all who read its timings.
     */
    public MonitorOptions measureAllUpTo(int perSecond) {
        MonitorOptions copy = copy();
        copy.measureAllUpTo = OptionRange.check("measureAllUpTo", perSecond, 1, 10_000_000);
        return copy;
    }

    public int measureAllUpTo() {
        return measureAllUpTo;
    }

    /** Alert above this 99th percentile of the answers, 1 us..1 h; default 1 ms. */
    public MonitorOptions alertP99(Duration p99) {
        MonitorOptions copy = copy();
        copy.p99 = OptionRange.check("alertP99", p99, Duration.ofNanos(1000), Duration.ofHours(1), "1 us..1 h");
        return copy;
    }

    /** Alert above this share of requests with an error as answer, or none in time, 0..1; default 0.001. */
    public MonitorOptions alertErrorRate(double share) {
        MonitorOptions copy = copy();
        copy.errorRate = OptionRange.share("alertErrorRate", share);
        return copy;
    }

    /** Alert above this share of all processors that the process uses, 0..1; default 0.8. */
    public MonitorOptions alertCpu(double share) {
        MonitorOptions copy = copy();
        copy.cpu = OptionRange.share("alertCpu", share);
        return copy;
    }

    /** Alert above this share of the heap that a collection left, or of the direct memory, 0..1; default 0.9. */
    public MonitorOptions alertMemory(double share) {
        MonitorOptions copy = copy();
        copy.memory = OptionRange.share("alertMemory", share);
        return copy;
    }

    /** Alert below this share of buffers that needed no new memory, 0..1; default 0.95. Needs {@link #watchBuffers}. */
    public MonitorOptions alertBufferHitRate(double share) {
        MonitorOptions copy = copy();
        copy.bufferHitRate = OptionRange.share("alertBufferHitRate", share);
        return copy;
    }

    /** One more rule. */
    public MonitorOptions alert(AlertRule rule) {
        MonitorOptions copy = copy();
        List<AlertRule> more = new ArrayList<>(rules);
        more.add(rule);
        copy.rules = List.copyOf(more);
        return copy;
    }

    /** How long something must be bad before it is raised, 0..1 h; default 10 s. */
    public MonitorOptions alertAfter(Duration time) {
        MonitorOptions copy = copy();
        copy.alertAfter = OptionRange.check("alertAfter", time, Duration.ZERO, Duration.ofHours(1), "0..1 h");
        return copy;
    }

    public Duration alertAfter() {
        return alertAfter;
    }

    /** How long something must be well again before it is cleared, 0..1 h; default 30 s. */
    public MonitorOptions clearAfter(Duration time) {
        MonitorOptions copy = copy();
        copy.clearAfter = OptionRange.check("clearAfter", time, Duration.ZERO, Duration.ofHours(1), "0..1 h");
        return copy;
    }

    public Duration clearAfter() {
        return clearAfter;
    }

    /** Called with each alert that is raised or cleared, on the monitor's thread, which it must not block. */
    public MonitorOptions onAlert(Consumer<? super Alert> handler) {
        MonitorOptions copy = copy();
        copy.onAlert = Objects.requireNonNull(handler, "onAlert");
        return copy;
    }

    public Consumer<? super Alert> onAlert() {
        return onAlert;
    }

    /**
     * Whether Netty's own events say how often buffers need new memory; default false. Uses JDK Flight Recorder: one more thread,
     * and files of a few MiB in the temporary directory.
     */
    public MonitorOptions watchBuffers(boolean watch) {
        MonitorOptions copy = copy();
        copy.watchBuffers = watch;
        return copy;
    }

    public boolean watchBuffers() {
        return watchBuffers;
    }

    /**
     * Whether buffers that were dropped without release count as leaks; default false. Netty tells one listener per process, as far
     * as its leak detection samples buffers ({@code -Dio.netty.leakDetection.level}).
     */
    public MonitorOptions watchDroppedBuffers(boolean watch) {
        MonitorOptions copy = copy();
        copy.watchDropped = watch;
        return copy;
    }

    public boolean watchDroppedBuffers() {
        return watchDropped;
    }

    /**
     * Growth of the heap is called a leak only above this share of its maximum, 0..1; default 0.45, where G1 begins to collect old
     * objects: below, what grows may be garbage that nobody has looked for.
     */
    public MonitorOptions leakHeapShare(double share) {
        MonitorOptions copy = copy();
        copy.leakHeapShare = OptionRange.share("leakHeapShare", share);
        return copy;
    }

    public double leakHeapShare() {
        return leakHeapShare;
    }

    /** All rules: those of the thresholds, and those that were added. */
    public List<AlertRule> rules() {
        List<AlertRule> all = new ArrayList<>(List.of(
                AlertRule.above(
                        "p99 of the answers",
                        "us",
                        p99.toNanos() / 1000.0,
                        now -> now.answers().p99()),
                AlertRule.above("error rate", "share", errorRate, MonitorSnapshot::errorRate),
                AlertRule.above("CPU", "share", cpu, now -> now.process().cpu()),
                AlertRule.above("memory", "share", memory, MonitorOptions::memory),
                AlertRule.below("buffer hit rate", "share", bufferHitRate, MonitorSnapshot::bufferHitRate)));
        all.addAll(rules);
        return all;
    }

    private static double memory(MonitorSnapshot now) {
        ProcessStats process = now.process();
        double heap = process.heapMax() <= 0 ? 0 : (double) process.heapAfterGc() / process.heapMax();
        double direct = process.directMax() <= 0 ? 0 : (double) process.directUsed() / process.directMax();
        return Math.max(heap, direct);
    }

    private MonitorOptions copy() {
        try {
            return (MonitorOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
