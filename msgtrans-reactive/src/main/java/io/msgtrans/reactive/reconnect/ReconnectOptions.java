package io.msgtrans.reactive.reconnect;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;

/** How a connection is tried again. Immutable: each method returns a changed copy. */
public final class ReconnectOptions implements Cloneable {

    /** The defaults. */
    public static final ReconnectOptions DEFAULTS = new ReconnectOptions();

    // Never written after the copy that a method returns has left it.
    private Duration minBackoff = Duration.ofMillis(100);
    private Duration maxBackoff = Duration.ofSeconds(10);
    private double jitter = 0.5;
    private int attempts = 5;

    private ReconnectOptions() {}

    /** The first pause, which doubles with each attempt; default 100 ms, 1 ms..1 h. */
    public ReconnectOptions minBackoff(Duration pause) {
        ReconnectOptions copy = copy();
        copy.minBackoff = between("minBackoff", pause);
        return copy;
    }

    public Duration minBackoff() {
        return minBackoff;
    }

    /** The longest pause; default 10 s, 1 ms..1 h. */
    public ReconnectOptions maxBackoff(Duration pause) {
        ReconnectOptions copy = copy();
        copy.maxBackoff = between("maxBackoff", pause);
        return copy;
    }

    public Duration maxBackoff() {
        return maxBackoff;
    }

    /** By which part a pause may be shorter or longer, so that clients do not all come at once; 0..1, default 0.5. */
    public ReconnectOptions jitter(double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("jitter " + part + " is outside 0..1");
        }
        ReconnectOptions copy = copy();
        copy.jitter = part;
        return copy;
    }

    public double jitter() {
        return jitter;
    }

    /** Attempts in a row that may fail before it is given up, 1..2^31-1; default 5. */
    public ReconnectOptions attempts(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("attempts " + count + " is not positive");
        }
        ReconnectOptions copy = copy();
        copy.attempts = count;
        return copy;
    }

    public int attempts() {
        return attempts;
    }

    private static Duration between(String option, Duration value) {
        return OptionRange.check(option, value, Duration.ofMillis(1), Duration.ofHours(1), "1 ms..1 h");
    }

    private ReconnectOptions copy() {
        try {
            return (ReconnectOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
