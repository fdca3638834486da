package io.msgtrans.reactive.eventloop;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How event loops are made. Immutable: each method returns a changed copy. */
public final class EventLoopOptions implements Cloneable {

    /** One thread for each processor, by epoll, kqueue or NIO, on whichever processor. */
    public static final EventLoopOptions DEFAULTS = new EventLoopOptions();

    private static final int MOST_THREADS = 4096;
    private static final Duration MOST_SPIN = Duration.ofMillis(1);
    private static final Duration DEFAULT_SPIN = Duration.ofNanos(50_000);

    // Never written after the copy that a method returns has left it.
    private String name = "msgtrans";
    private int threads;
    private IoKind io = IoKind.AUTO;
    private Pinning pinning = Pinning.NONE;
    private boolean busyPolling;
    /** {@code null} for the default. */
    private @Nullable Duration spin;

    private EventLoopOptions() {}

    /** How the names of the threads begin; default {@code msgtrans}. */
    public EventLoopOptions name(String name) {
        EventLoopOptions copy = copy();
        copy.name = Objects.requireNonNull(name, "name");
        return copy;
    }

    public String name() {
        return name;
    }

    /** How many event loops, up to 4,096; 0, the default, for one for each processor that this process may use. */
    public EventLoopOptions threads(int threads) {
        EventLoopOptions copy = copy();
        copy.threads = OptionRange.check("threads", threads, 0, MOST_THREADS);
        return copy;
    }

    public int threads() {
        return threads;
    }

    /** By which means they wait for sockets; default {@link IoKind#AUTO}. */
    public EventLoopOptions io(IoKind io) {
        EventLoopOptions copy = copy();
        copy.io = Objects.requireNonNull(io, "io");
        return copy;
    }

    public IoKind io() {
        return io;
    }

    /** Where they run; default {@link Pinning#NONE}. */
    public EventLoopOptions pinning(Pinning pinning) {
        EventLoopOptions copy = copy();
        copy.pinning = Objects.requireNonNull(pinning, "pinning");
        return copy;
    }

    public Pinning pinning() {
        return pinning;
    }

    /**
     * Whether they ask for events again and again instead of sleeping until there are some; default no. It saves the time that the
     * operating system takes to wake a thread, and uses a whole processor for each event loop that has a socket, so there must be more
     * processors than event loops. One without sockets sleeps. Not on {@link IoKind#IO_URING}.
     */
    public EventLoopOptions busyPolling(boolean busyPolling) {
        EventLoopOptions copy = copy();
        copy.busyPolling = busyPolling;
        return copy;
    }

    public boolean isBusyPolling() {
        return busyPolling;
    }

    /**
     * How long they ask for events again before they sleep, up to 1 ms; zero for not at all, default 50 us. It saves the time that the
     * operating system takes to wake a thread where the next event is near, and takes processor time that others may want: no more than
     * what they find is worth, as those to which too little comes meanwhile stop asking, but for one trial in 64 times that they sleep.
     * The default is zero where a control group limits the processor time of this process, and on {@link IoKind#IO_URING}, where it can't
     * be had. Without effect where {@link #busyPolling} is on.
     */
    public EventLoopOptions spin(Duration time) {
        EventLoopOptions copy = copy();
        copy.spin = OptionRange.check("spin", time, Duration.ZERO, MOST_SPIN, "0..1 ms");
        return copy;
    }

    public Duration spin() {
        return spin == null ? DEFAULT_SPIN : spin;
    }

    /**
     * How long to ask for events before a sleep, in nanoseconds: 0 for not at all, {@link PollingLoop#FOR_EVER}.
     *
     * @param limited whether this process may use only so much time of its processors
     */
    long pollNanos(IoKind kind, boolean limited) {
        if (busyPolling) {
            return PollingLoop.FOR_EVER;
        }
        return spin == null && (limited || kind == IoKind.IO_URING) ? 0 : spin().toNanos();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EventLoopOptions that
                && name.equals(that.name)
                && threads == that.threads
                && io == that.io
                && pinning == that.pinning
                && busyPolling == that.busyPolling
                && Objects.equals(spin, that.spin);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, threads, io, pinning, busyPolling, spin);
    }

    private EventLoopOptions copy() {
        try {
            return (EventLoopOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
