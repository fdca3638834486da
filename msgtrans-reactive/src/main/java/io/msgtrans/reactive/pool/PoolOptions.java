package io.msgtrans.reactive.pool;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * How large a pool is and how it grows. Immutable: each method returns a changed copy.
 *
 * <p>It begins with {@link #minSessions}. When more than {@link #growAbove} of its sessions are in use, it grows by the next of
 * the {@link #growthFactors growth factors}, the last one from then on; when less than {@link #shrinkBelow} are, it goes back
 * by one factor per {@link #maintenance}, but not below the minimum.
 *
 * <table>
 * <caption>Presets</caption>
 * <tr><th></th><th>minimum</th><th>maximum</th><th>idle</th><th>start</th></tr>
 * <tr><td>{@link #highThroughput()}</td><td>1,000</td><td>10,000</td><td>300 s</td><td>in the background</td></tr>
 * <tr><td>{@link #lowLatency()}</td><td>100</td><td>1,000</td><td>600 s</td><td>warm-up</td></tr>
 * <tr><td>{@link #constrained()}</td><td>10</td><td>100</td><td>60 s</td><td>lazy</td></tr>
 * </table>
 */
public final class PoolOptions implements Cloneable {

    /** When a pool opens its first sessions. */
    public enum Start {
        /** As they are needed; the minimum is what it does not shrink below. */
        LAZY,
        /** At once, while the first callers wait for the first of them. */
        BACKGROUND,
        /** At once, and callers wait until all of them are open. */
        WARM_UP
    }

    private static final int MOST = 1_000_000;

    /** 1 to 64 sessions, opened in the background, idle for 60 s at most. */
    public static final PoolOptions DEFAULTS = new PoolOptions();

    // Never written after the copy that a method returns has left it.
    private int minSessions = 1;
    private int maxSessions = 64;
    private Start start = Start.BACKGROUND;
    private Duration idleTimeout = Duration.ofSeconds(60);
    private double growAbove = 0.8;
    private double shrinkBelow = 0.3;
    private List<Double> growthFactors = List.of(2.0, 1.5, 1.2, 1.1);
    private Duration maintenance = Duration.ofSeconds(10);
    private Duration acquireTimeout = Duration.ofSeconds(10);
    private int maxWaiting = 10_000;
    private int sharedLoad = 64;

    private PoolOptions() {}

    /** For many callers at one time. */
    public static PoolOptions highThroughput() {
        return DEFAULTS.size(1_000, 10_000).idleTimeout(Duration.ofMinutes(5));
    }

    /** For callers that must not wait for a connection. */
    public static PoolOptions lowLatency() {
        return DEFAULTS.size(100, 1_000).idleTimeout(Duration.ofMinutes(10)).start(Start.WARM_UP);
    }

    /** For small machines. */
    public static PoolOptions constrained() {
        return DEFAULTS.size(10, 100).idleTimeout(Duration.ofSeconds(60)).start(Start.LAZY);
    }

    /** Fewest and most sessions, 1..1,000,000; default 1 and 64. */
    public PoolOptions size(int min, int max) {
        if (min < 1 || max < min || max > MOST) {
            throw new IllegalArgumentException("size " + min + ".." + max + " is outside 1.." + MOST);
        }
        PoolOptions copy = copy();
        copy.minSessions = min;
        copy.maxSessions = max;
        return copy;
    }

    public int minSessions() {
        return minSessions;
    }

    public int maxSessions() {
        return maxSessions;
    }

    /** When the first sessions are opened; default {@link Start#BACKGROUND}. */
    public PoolOptions start(Start start) {
        PoolOptions copy = copy();
        copy.start = Objects.requireNonNull(start, "start");
        return copy;
    }

    public Start start() {
        return start;
    }

    /** How long a session above the minimum may be unused, 10 ms..1 day; default 60 s. */
    public PoolOptions idleTimeout(Duration timeout) {
        PoolOptions copy = copy();
        copy.idleTimeout = between("idleTimeout", timeout);
        return copy;
    }

    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** The part of its sessions in use above which it grows and below which it shrinks, 0..1; default 0.8 and 0.3. */
    public PoolOptions thresholds(double growAbove, double shrinkBelow) {
        if (!(0 <= shrinkBelow && shrinkBelow < growAbove && growAbove <= 1)) {
            throw new IllegalArgumentException(
                    "thresholds " + growAbove + ", " + shrinkBelow + " are not in 0..1, the first above the second");
        }
        PoolOptions copy = copy();
        copy.growAbove = growAbove;
        copy.shrinkBelow = shrinkBelow;
        return copy;
    }

    public double growAbove() {
        return growAbove;
    }

    public double shrinkBelow() {
        return shrinkBelow;
    }

    /** By what it grows, one after the other; each 1.01..100; default 2.0, 1.5, 1.2, 1.1. */
    public PoolOptions growthFactors(Double... factors) {
        List<Double> row = List.of(factors);
        if (row.isEmpty() || row.stream().anyMatch(factor -> !(factor >= 1.01 && factor <= 100))) {
            throw new IllegalArgumentException("growthFactors " + row + " are not in 1.01..100");
        }
        PoolOptions copy = copy();
        copy.growthFactors = row;
        return copy;
    }

    public List<Double> growthFactors() {
        return growthFactors;
    }

    /** How often unhealthy and unneeded sessions are looked for, 10 ms..1 day; default 10 s. */
    public PoolOptions maintenance(Duration interval) {
        PoolOptions copy = copy();
        copy.maintenance = between("maintenance", interval);
        return copy;
    }

    public Duration maintenance() {
        return maintenance;
    }

    /** How long a caller waits for a session, 10 ms..1 day; default 10 s. */
    public PoolOptions acquireTimeout(Duration timeout) {
        PoolOptions copy = copy();
        copy.acquireTimeout = between("acquireTimeout", timeout);
        return copy;
    }

    public Duration acquireTimeout() {
        return acquireTimeout;
    }

    /** How many callers may wait at one time, 1..1,000,000; one more is refused. Default 10,000. */
    public PoolOptions maxWaiting(int callers) {
        PoolOptions copy = copy();
        copy.maxWaiting = between("maxWaiting", callers);
        return copy;
    }

    public int maxWaiting() {
        return maxWaiting;
    }

    /** Calls in flight on a shared session that make another one worth while, 1..1,000,000; default 64. */
    public PoolOptions sharedLoad(int calls) {
        PoolOptions copy = copy();
        copy.sharedLoad = between("sharedLoad", calls);
        return copy;
    }

    public int sharedLoad() {
        return sharedLoad;
    }

    private static int between(String option, int value) {
        if (value < 1 || value > MOST) {
            throw new IllegalArgumentException(option + " " + value + " is outside 1.." + MOST);
        }
        return value;
    }

    private static Duration between(String option, Duration value) {
        return OptionRange.check(option, value, Duration.ofMillis(10), Duration.ofDays(1), "10 ms..1 day");
    }

    private PoolOptions copy() {
        try {
            return (PoolOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
