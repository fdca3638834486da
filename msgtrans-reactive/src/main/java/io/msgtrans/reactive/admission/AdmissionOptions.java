package io.msgtrans.reactive.admission;

import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How much a server's peers may ask for. Immutable: each method returns a changed copy. Packets are one-way packets, requests and
 * openings of streams; answers, and items of open streams, which have their own demand, are not counted.
 */
public final class AdmissionOptions implements Cloneable {

    /** What happens to packets above the rate. */
    public enum OverRate {
        /** They wait, and the peer's socket is not read: it feels that it is too fast. */
        PACE,
        /**
         * Requests and streams are answered with {@code PeerException.OVERLOADED} (a plain peer gets no answer), one-way packets
         * are dropped; all of them are counted in {@code SessionStats.packetsRefused}.
         */
        REFUSE
    }

    /** No limits. */
    public static final AdmissionOptions NONE = new AdmissionOptions();

    // Never written after the copy that a method returns has left it.
    private @Nullable Rate sessionRate;
    private @Nullable Rate addressRate;
    private @Nullable Rate connectRate;
    private OverRate overRate = OverRate.PACE;
    private Duration shedAfter = Duration.ZERO;

    private AdmissionOptions() {}

    /** Packets of each session; default without limit. */
    public AdmissionOptions sessionRate(Rate rate) {
        AdmissionOptions copy = copy();
        copy.sessionRate = Objects.requireNonNull(rate, "sessionRate");
        return copy;
    }

    public @Nullable Rate sessionRate() {
        return sessionRate;
    }

    /** Packets of all sessions of an IP address together; default without limit. */
    public AdmissionOptions addressRate(Rate rate) {
        AdmissionOptions copy = copy();
        copy.addressRate = Objects.requireNonNull(rate, "addressRate");
        return copy;
    }

    public @Nullable Rate addressRate() {
        return addressRate;
    }

    /** Connections of an IP address; what is above is refused at accept and counted as such. Default without limit. */
    public AdmissionOptions connectRate(Rate rate) {
        AdmissionOptions copy = copy();
        copy.connectRate = Objects.requireNonNull(rate, "connectRate");
        return copy;
    }

    public @Nullable Rate connectRate() {
        return connectRate;
    }

    /** What happens to packets above the rates; default {@link OverRate#PACE}. */
    public AdmissionOptions overRate(OverRate policy) {
        AdmissionOptions copy = copy();
        copy.overRate = Objects.requireNonNull(policy, "overRate");
        return copy;
    }

    public OverRate overRate() {
        return overRate;
    }

    /**
     * Load shedding: a request that has waited for so long in its session for demand is not given to the application any more but
     * answered with {@code PeerException.OVERLOADED} and counted, as its caller can better ask elsewhere; 1 ms..1 day, by default
     * never. The limit on {@link SessionOptions#inboundPackets} bounds how many wait.
     */
    public AdmissionOptions shedAfter(Duration queueTime) {
        OptionRange.check("shedAfter", queueTime, Duration.ofMillis(1), Duration.ofDays(1), "1 ms..1 day");
        AdmissionOptions copy = copy();
        copy.shedAfter = queueTime;
        return copy;
    }

    /** Zero for never. */
    public Duration shedAfter() {
        return shedAfter;
    }

    private AdmissionOptions copy() {
        try {
            return (AdmissionOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
