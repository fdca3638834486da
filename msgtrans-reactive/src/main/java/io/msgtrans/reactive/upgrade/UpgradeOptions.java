package io.msgtrans.reactive.upgrade;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** How traffic moves to a new version, and what it must not get worse at. Immutable: each method returns a changed copy. */
public final class UpgradeOptions implements Cloneable {

    /** The defaults. */
    public static final UpgradeOptions DEFAULTS = new UpgradeOptions();

    // Never written after the copy that a method returns has left it.
    private List<Integer> steps = List.of(5, 20, 50, 80, 100);
    private Duration watch = Duration.ofSeconds(10);
    private int minCalls = 20;
    private Duration settle = Duration.ofSeconds(5);
    private Duration stepTimeout = Duration.ofMinutes(5);
    private double moreErrors = 0.01;
    private double latencyFactor = 2.0;
    private Duration latencySlack = Duration.ofMillis(5);
    private Supplier<Mono<Void>> drainOld = Mono::empty;

    private UpgradeOptions() {}

    /** The parts of the traffic that the new version gets, in percent, rising to 100; default 5, 20, 50, 80, 100. */
    public UpgradeOptions steps(Integer... percents) {
        List<Integer> row = List.of(percents);
        for (int i = 0; i < row.size(); i++) {
            if (row.get(i) < 1 || row.get(i) > 100 || (i > 0 && row.get(i) <= row.get(i - 1))) {
                throw new IllegalArgumentException("steps " + row + " do not rise within 1..100");
            }
        }
        if (row.isEmpty() || row.get(row.size() - 1) != 100) {
            throw new IllegalArgumentException("steps " + row + " do not end with 100");
        }
        UpgradeOptions copy = copy();
        copy.steps = row;
        return copy;
    }

    public List<Integer> steps() {
        return steps;
    }

    /** For how long each step is watched, 10 ms..1 day, and how many calls the new version must have had; default 10 s, 20. */
    public UpgradeOptions watch(Duration time, int minCalls) {
        if (minCalls < 1) {
            throw new IllegalArgumentException("watch of " + minCalls + " calls is not positive");
        }
        UpgradeOptions copy = copy();
        copy.watch = between("watch", time);
        copy.minCalls = minCalls;
        return copy;
    }

    public Duration watch() {
        return watch;
    }

    public int minCalls() {
        return minCalls;
    }

    /**
     * For how long calls are not counted after each step, up to 1 day: a JVM that gets its first calls is slow, and has its code
     * compiled. Default 5 s.
     */
    public UpgradeOptions settle(Duration time) {
        UpgradeOptions copy = copy();
        copy.settle = time.isZero() ? time : between("settle", time);
        return copy;
    }

    public Duration settle() {
        return settle;
    }

    /** How long a step may take until there were enough calls; then it is rolled back. 10 ms..1 day, default 5 min. */
    public UpgradeOptions stepTimeout(Duration timeout) {
        UpgradeOptions copy = copy();
        copy.stepTimeout = between("stepTimeout", timeout);
        return copy;
    }

    public Duration stepTimeout() {
        return stepTimeout;
    }

    /** By how much its rate of errors may be above the old version's, 0..1; default 0.01. Error answers count. */
    public UpgradeOptions moreErrors(double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("moreErrors " + part + " is outside 0..1");
        }
        UpgradeOptions copy = copy();
        copy.moreErrors = part;
        return copy;
    }

    public double moreErrors() {
        return moreErrors;
    }

    /**
     * By which factor, and by how much besides, the mean time of its calls may be above the old version's; default 2 and 5 ms.
     */
    public UpgradeOptions slower(double factor, Duration slack) {
        if (!(factor >= 1) || slack.isNegative()) {
            throw new IllegalArgumentException("slower " + factor + ", " + slack + " is below 1, 0");
        }
        UpgradeOptions copy = copy();
        copy.latencyFactor = factor;
        copy.latencySlack = slack;
        return copy;
    }

    public double latencyFactor() {
        return latencyFactor;
    }

    public Duration latencySlack() {
        return latencySlack;
    }

    /** Ends the old version when the new one has all traffic; its Mono completes when that has ended. Default nothing. */
    public UpgradeOptions drainOld(Supplier<Mono<Void>> drain) {
        UpgradeOptions copy = copy();
        copy.drainOld = Objects.requireNonNull(drain, "drainOld");
        return copy;
    }

    public Supplier<Mono<Void>> drainOld() {
        return drainOld;
    }

    private static Duration between(String option, Duration value) {
        return OptionRange.check(option, value, Duration.ofMillis(10), Duration.ofDays(1), "10 ms..1 day");
    }

    private UpgradeOptions copy() {
        try {
            return (UpgradeOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
