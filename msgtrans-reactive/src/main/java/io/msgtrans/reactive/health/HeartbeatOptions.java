package io.msgtrans.reactive.health;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a session finds out whether its peer is there. Immutable: each method returns a changed copy.
 *
 * <p>Every {@link #interval} a heartbeat passes in front of everything that waits: a PING frame to a peer that agreed on our
 * extensions, a WebSocket ping to another one over {@code ws}, else {@link #packet}, if there is one. Any byte that arrives is a
 * sign of life, and the time during which this side does not read, since nobody demands, does not count.
 *
 * <pre>
 *   silence   0 ........... 1.5 ........ 2.5 ........ 3.5   intervals       round trip  ... 500 ms ... 2 s ...
 *             HEALTHY       DEGRADED     CRITICAL     FAILED (closed)       HEALTHY      DEGRADED     CRITICAL
 * </pre>
 *
 * <p>The worse of both counts. So a link that was cut is noticed within 3.5 intervals. A session whose peer can be sent no
 * heartbeat is healthy until it is closed; see {@code SessionOptions.idleTimeout} for those.
 */
public final class HeartbeatOptions implements Cloneable {

    private static final Duration SHORTEST = Duration.ofMillis(20);
    private static final Duration LONGEST = Duration.ofHours(1);

    /** No heartbeats: the default of sessions. */
    public static final HeartbeatOptions OFF = new HeartbeatOptions();

    /** Every five seconds: the default of pools, balancers and reconnecting sessions. */
    public static final HeartbeatOptions DEFAULTS = OFF.interval(Duration.ofSeconds(5));

    // Never written after the copy that a method returns has left it.
    private Duration interval = Duration.ZERO;
    private double degradedAfter = 1.5;
    private double criticalAfter = 2.5;
    private double failedAfter = 3.5;
    private Duration degradedRoundTrip = Duration.ofMillis(500);
    private Duration criticalRoundTrip = Duration.ofSeconds(2);
    private @Nullable Packet packet;

    private HeartbeatOptions() {}

    /** From heartbeat to heartbeat, 20 ms..1 h. */
    public HeartbeatOptions interval(Duration interval) {
        HeartbeatOptions copy = copy();
        copy.interval = between("interval", interval);
        return copy;
    }

    /** Zero for no heartbeats. */
    public Duration interval() {
        return interval;
    }

    /** Intervals of silence after which the state changes, in rising order, 1.1..1000; default 1.5, 2.5, 3.5. */
    public HeartbeatOptions silence(double degraded, double critical, double failed) {
        if (!(1.1 <= degraded && degraded <= critical && critical <= failed && failed <= 1000)) {
            throw new IllegalArgumentException("silence " + degraded + ", " + critical + ", " + failed
                    + " is not a rising row of intervals in 1.1..1000");
        }
        HeartbeatOptions copy = copy();
        copy.degradedAfter = degraded;
        copy.criticalAfter = critical;
        copy.failedAfter = failed;
        return copy;
    }

    public double degradedAfter() {
        return degradedAfter;
    }

    public double criticalAfter() {
        return criticalAfter;
    }

    public double failedAfter() {
        return failedAfter;
    }

    /** Smoothed round-trip times from which on the state changes, in rising order; default 500 ms and 2 s. */
    public HeartbeatOptions roundTrip(Duration degraded, Duration critical) {
        if (degraded.isNegative() || degraded.isZero() || degraded.compareTo(critical) > 0) {
            throw new IllegalArgumentException(
                    "roundTrip " + degraded + ", " + critical + " is not a rising row of positive times");
        }
        HeartbeatOptions copy = copy();
        copy.degradedRoundTrip = degraded;
        copy.criticalRoundTrip = critical;
        return copy;
    }

    public Duration degradedRoundTrip() {
        return degradedRoundTrip;
    }

    public Duration criticalRoundTrip() {
        return criticalRoundTrip;
    }

    /**
     * What is sent as a heartbeat to a peer that knows neither our extensions nor WebSocket pings: a request that it was agreed
     * with to answer, whatever the answer is. With {@link Packet#FLAG_HIGH_PRIORITY} it passes what waits. Default none.
     */
    public HeartbeatOptions packet(Packet request) {
        HeartbeatOptions copy = copy();
        copy.packet = request;
        return copy;
    }

    public @Nullable Packet packet() {
        return packet;
    }

    private static Duration between(String option, Duration value) {
        return OptionRange.check(option, value, SHORTEST, LONGEST, "20 ms..1 h");
    }

    private HeartbeatOptions copy() {
        try {
            return (HeartbeatOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
