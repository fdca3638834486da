package io.msgtrans.reactive.delivery;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.Objects;

/** How much an {@link AcknowledgedSender} holds. Immutable: each method returns a changed copy. */
public final class DeliveryOptions implements Cloneable {

    /** What happens when the window is full. */
    public enum WhenFull {
        /** The new packet is refused with a {@code LimitException}. */
        REFUSE,
        /** The oldest one is given up: its {@code send} fails with a {@code LimitException}, and the receiver gets a gap. */
        DROP_OLDEST
    }

    /** The defaults. */
    public static final DeliveryOptions DEFAULTS = new DeliveryOptions();

    // Never written after the copy that a method returns has left it.
    private int windowPackets = 4096;
    private long windowBytes = 16L << 20;
    private WhenFull whenFull = WhenFull.REFUSE;
    private int inFlight = 256;
    private Duration resendAfter = Duration.ofSeconds(10);

    private DeliveryOptions() {}

    /** Packets and bytes that may wait for their acknowledgement, 1..2^20 and 1..2^40; default 4,096 and 16 MiB. */
    public DeliveryOptions window(int packets, long bytes) {
        if (packets < 1 || packets > 1 << 20 || bytes < 1 || bytes > 1L << 40) {
            throw new IllegalArgumentException("window " + packets + ", " + bytes + " is outside 1..2^20, 1..2^40");
        }
        DeliveryOptions copy = copy();
        copy.windowPackets = packets;
        copy.windowBytes = bytes;
        return copy;
    }

    public int windowPackets() {
        return windowPackets;
    }

    public long windowBytes() {
        return windowBytes;
    }

    /** What happens when the window is full; default {@link WhenFull#REFUSE}. */
    public DeliveryOptions whenFull(WhenFull policy) {
        DeliveryOptions copy = copy();
        copy.whenFull = Objects.requireNonNull(policy, "whenFull");
        return copy;
    }

    public WhenFull whenFull() {
        return whenFull;
    }

    /** Packets of the window that may be on their way at one time, 1..16,384; default 256. */
    public DeliveryOptions inFlight(int packets) {
        if (packets < 1 || packets > 16_384) {
            throw new IllegalArgumentException("inFlight " + packets + " is outside 1..16384");
        }
        DeliveryOptions copy = copy();
        copy.inFlight = packets;
        return copy;
    }

    public int inFlight() {
        return inFlight;
    }

    /** How long an acknowledgement is waited for before the packet is sent again, 10 ms..1 day; default 10 s. */
    public DeliveryOptions resendAfter(Duration time) {
        OptionRange.check("resendAfter", time, Duration.ofMillis(10), Duration.ofDays(1), "10 ms..1 day");
        DeliveryOptions copy = copy();
        copy.resendAfter = time;
        return copy;
    }

    public Duration resendAfter() {
        return resendAfter;
    }

    private DeliveryOptions copy() {
        try {
            return (DeliveryOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
