package io.msgtrans.reactive;

import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.eventloop.Pinning;
import io.msgtrans.reactive.monitor.MonitorOptions;
import io.msgtrans.reactive.pool.PoolOptions;
import java.time.Duration;
import java.util.Locale;

/**
 * Settings that belong together, for an aim: how many sessions, what may wait, reads and buffers, event loops, and how much is
 * measured. {@link TransportServer#preset} and {@link TransportClient#preset} set all of it; what is set behind that wins. What each
 * comes to here is printed by {@link TransportServer#settings()}.
 *
 * <table>
 * <caption>Values</caption>
 * <tr><th></th><th>{@link #BALANCED}</th><th>{@link #HIGH_THROUGHPUT}</th><th>{@link #LOW_LATENCY}</th><th>{@link #CONSTRAINED}</th></tr>
 * <tr><td>sessions</td><td>100,000</td><td>100,000</td><td>10,000</td><td>1,000</td></tr>
 * <tr><td>reads</td><td>4..256 KiB</td><td>64 KiB..1 MiB</td><td>4..64 KiB</td><td>0.5..16 KiB</td></tr>
 * <tr><td>inbound</td><td>256, 256 KiB</td><td>4,096, 4 MiB</td><td>256, 256 KiB</td><td>64, 32 KiB</td></tr>
 * <tr><td>outbound</td><td>4,096, 1 MiB</td><td>65,536, 8 MiB</td><td>1,024, 256 KiB</td><td>256, 64 KiB</td></tr>
 * <tr><td>stream credit</td><td>16,384, 4 MiB</td><td>65,536, 16 MiB</td><td>4,096, 1 MiB</td><td>256, 256 KiB</td></tr>
 * <tr><td>event loops</td><td>one per processor</td><td>one per processor, bound to NUMA nodes</td>
 *     <td>one per two processors, bound to them, polling busily</td><td>two at most</td></tr>
 * <tr><td>before they sleep</td><td>they ask for events for 50 us, where it pays</td><td>the same</td><td>they never do</td>
 *     <td>they do not</td></tr>
 * <tr><td>sockets</td><td>as the system has them</td><td>as the system has them</td><td>{@code quickAck}, {@code busyPoll} 50 us</td>
 *     <td>as the system has them</td></tr>
 * <tr><td>every request is measured up to</td><td>50,000/s</td><td>10,000/s</td><td>1,000,000/s</td><td>1,000/s</td></tr>
 * <tr><td>monitor looks every</td><td>1 s</td><td>1 s</td><td>1 s</td><td>10 s</td></tr>
 * <tr><td>pool</td><td>1..64</td><td>{@link PoolOptions#highThroughput()}</td><td>{@link PoolOptions#lowLatency()}</td>
 *     <td>{@link PoolOptions#constrained()}</td></tr>
 * </table>
 *
 * <p>Threads are bound only where {@code net.openhft:affinity} is on the class path, and options of sockets are set only on epoll.
 */
public enum Preset {
    /** The defaults: good at everything, best at nothing. */
    BALANCED,
    /** As many bytes and packets as the machine can move; more waits, so more memory, and later when there is too much. */
    HIGH_THROUGHPUT,
    /** Answers as soon as can be: event loops with a socket never sleep, and little waits. For machines with processors to spare. */
    LOW_LATENCY,
    /** Small machines, and containers with little memory. */
    CONSTRAINED;

    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    private static final Duration BUSY_POLL = Duration.ofNanos(50_000);

    /** The preset of a name, in any case and with hyphens or underscores. */
    public static Preset of(String name) {
        String wanted = name.strip().toUpperCase(Locale.ROOT).replace('-', '_');
        for (Preset preset : values()) {
            if (preset.name().equals(wanted)) {
                return preset;
            }
        }
        throw new IllegalArgumentException(
                "preset " + name + " is not one of balanced, high-throughput, low-latency, constrained");
    }

    /** Sessions at one time. */
    public int maxSessions() {
        return switch (this) {
            case BALANCED, HIGH_THROUGHPUT -> 100_000;
            case LOW_LATENCY -> 10_000;
            case CONSTRAINED -> 1_000;
        };
    }

    /** The options of sessions, changed where the preset has a say. */
    public SessionOptions session(SessionOptions options) {
        return switch (this) {
            case BALANCED -> options.workload(Workload.SMALL_MESSAGES).streamCredit(16_384);
            case HIGH_THROUGHPUT ->
                options.readBytes(64 * KIB, MIB)
                        .inboundPackets(4096)
                        .inboundBytes(4 * MIB)
                        .outboundPackets(65_536)
                        .outboundBytes(8 * MIB)
                        .streamCredit(65_536)
                        .streamBytes(16 * MIB);
            case LOW_LATENCY ->
                options.readBytes(4 * KIB, 64 * KIB)
                        .inboundPackets(256)
                        .inboundBytes(256 * KIB)
                        .outboundPackets(1024)
                        .outboundBytes(256 * KIB)
                        .writeDelay(Duration.ZERO)
                        .streamCredit(4096)
                        .streamBytes(MIB);
            case CONSTRAINED -> options.workload(Workload.MANY_SESSIONS).streamCredit(256);
        };
    }

    /** How event loops are made on this machine. */
    public EventLoopOptions eventLoops() {
        int processors = Runtime.getRuntime().availableProcessors();
        return switch (this) {
            case BALANCED -> EventLoopOptions.DEFAULTS;
            case HIGH_THROUGHPUT -> EventLoopOptions.DEFAULTS.pinning(ifPossible(Pinning.NODE));
            case LOW_LATENCY ->
                EventLoopOptions.DEFAULTS
                        .threads(Math.max(1, processors / 2))
                        .pinning(ifPossible(Pinning.PROCESSOR))
                        .busyPolling(true);
            case CONSTRAINED ->
                EventLoopOptions.DEFAULTS.threads(Math.min(2, processors)).spin(Duration.ZERO);
        };
    }

    private static Pinning ifPossible(Pinning pinning) {
        return EventLoops.canPin() ? pinning : Pinning.NONE;
    }

    /** The options of an address on TCP, with the preset's for sockets, of which only event loops by epoll can have some. */
    EndpointOptions endpoint(EndpointOptions options, boolean epoll) {
        boolean polls = this == LOW_LATENCY && epoll;
        return options.quickAck(polls).busyPoll(polls ? BUSY_POLL : Duration.ZERO);
    }

    /** The same on event loops that are not by epoll: without what the preset has set, and with what was set behind it. */
    EndpointOptions withoutEpoll(EndpointOptions options) {
        if (this != LOW_LATENCY) {
            return options;
        }
        EndpointOptions rest = options.quickAck(false);
        return rest.busyPoll().equals(BUSY_POLL) ? rest.busyPoll(Duration.ZERO) : rest;
    }

    /** How a monitor looks. */
    public MonitorOptions monitor() {
        return switch (this) {
            case BALANCED -> MonitorOptions.DEFAULTS;
            case HIGH_THROUGHPUT -> MonitorOptions.DEFAULTS.measureAllUpTo(10_000);
            case LOW_LATENCY -> MonitorOptions.DEFAULTS.measureAllUpTo(1_000_000);
            case CONSTRAINED -> MonitorOptions.DEFAULTS.measureAllUpTo(1_000).interval(Duration.ofSeconds(10));
        };
    }

    /** How large a client's pool is. */
    public PoolOptions pool() {
        return switch (this) {
            case BALANCED -> PoolOptions.DEFAULTS;
            case HIGH_THROUGHPUT -> PoolOptions.highThroughput();
            case LOW_LATENCY -> PoolOptions.lowLatency();
            case CONSTRAINED -> PoolOptions.constrained();
        };
    }
}
