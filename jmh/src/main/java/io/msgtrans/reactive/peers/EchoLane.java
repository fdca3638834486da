package io.msgtrans.reactive.peers;

import java.util.Arrays;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import org.HdrHistogram.Histogram;

/**
 * The packets in flight on one connection, their check and their latencies.
 *
 * <pre>
 *   open:   start(event loop, id -> write a packet with that id, flush)
 *   reply:  if accepts(id, length, now): send a packet with nextId(id)
 * </pre>
 *
 * <p>The id of a packet names its slot (id modulo window) and how often that slot was used, so replies are matched in any
 * order and a repeated or invented reply is an error. A slot is sent again at the moment of its reply, so one clock
 * reading serves both. Each contestant reads the clock for each reply.
 *
 * <p>At a rate ({@link Workload.Kind#RATE}) packets leave when they are due, and count as sent at that moment, however late they
 * leave; what finds its slot in flight stays due.
 *
 * <p>Used by one thread at a time, the one that handles the connection.
 */
public final class EchoLane {

    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 3;
    /** How often it is looked which packets are due. */
    private static final long TURN_NANOS = 100_000;

    private final Recorder recorder;
    private final int window;
    private final int payloadBytes;
    private final double intervalNanos;
    private final boolean keepsWindow;

    private final int[] expectedIds;
    private final long[] sentNanos;
    /** By {@link Recorder#phase()}. */
    private final Histogram[] histograms = new Histogram[Recorder.PHASES];

    EchoLane(Recorder recorder, Workload workload) {
        this.recorder = recorder;
        this.window = workload.window();
        this.payloadBytes = workload.payloadBytes();
        this.keepsWindow = workload.rate() == 0;
        this.intervalNanos = keepsWindow ? 0 : 1e9 * workload.connections() / workload.rate();
        this.expectedIds = new int[window];
        this.sentNanos = new long[window];
        Arrays.setAll(histograms, phase -> bounds());
    }

    /**
     * Sends the first packets, one for each slot, or all packets that become due from now on.
     *
     * @param eventLoop the connection's, which calls the others from now on
     * @param send writes a packet with an id
     * @param flush called behind some packets
     */
    public void start(ScheduledExecutorService eventLoop, IntConsumer send, Runnable flush) {
        if (keepsWindow) {
            for (int id = 0; id < window; id++) {
                begin(id, System.nanoTime());
                send.accept(id);
            }
            flush.run();
        } else {
            startPaced(
                    eventLoop,
                    id -> {
                        send.accept(id);
                        return true;
                    },
                    flush);
        }
    }

    /**
     * The same at a rate, for senders that refuse packets.
     *
     * @param offer writes a packet with an id, or tells that there is no room: then it stays due
     */
    public void startPaced(ScheduledExecutorService eventLoop, IntPredicate offer, Runnable flush) {
        Pace pace = new Pace(offer, flush);
        var unused = eventLoop.scheduleAtFixedRate(pace, 0, TURN_NANOS, TimeUnit.NANOSECONDS);
    }

    /** Whether packets leave at a rate, and none in the place of an answered one. */
    public boolean isPaced() {
        return !keepsWindow;
    }

    /** Packets in flight, at most; a power of two. */
    public int window() {
        return window;
    }

    /** Notes that a packet is, or should be, sent now; {@link #start} does. */
    public void begin(int id, long nanos) {
        int slot = id & (window - 1);
        expectedIds[slot] = id;
        sentNanos[slot] = nanos;
    }

    private final class Pace implements Runnable {
        private final IntPredicate offer;
        private final Runnable flush;
        private final long startNanos = System.nanoTime();
        private int sent;

        Pace(IntPredicate offer, Runnable flush) {
            this.offer = offer;
            this.flush = flush;
        }

        @Override
        public void run() {
            int before = sent;
            int due = (int) ((System.nanoTime() - startNanos) / intervalNanos) + 1;
            boolean room = true;
            while (room && sent < due && isFree(sent)) {
                begin(sent, startNanos + (long) (sent * intervalNanos));
                room = offer.test(sent);
                sent += room ? 1 : 0;
            }
            if (sent != before) {
                flush.run();
            }
        }

        private boolean isFree(int id) {
            return id < window || expectedIds[id & (window - 1)] == id;
        }
    }

    /**
     * Checks a reply and notes its latency. When it is right, its slot counts as sent again now, with
     * {@link #nextId(int)}; else it is counted as an error. Nothing is to be sent then, nor at a rate.
     *
     * @param nowNanos {@link System#nanoTime()} of this reply
     */
    public boolean accepts(int id, int lengthBytes, long nowNanos) {
        int slot = id & (window - 1);
        if (expectedIds[slot] != id || lengthBytes != payloadBytes) {
            recorder.error();
            return false;
        }
        histograms[recorder.phase()].recordValue(Math.min(nowNanos - sentNanos[slot], HIGHEST_NANOS));
        expectedIds[slot] = nextId(id);
        sentNanos[slot] = nowNanos;
        return keepsWindow;
    }

    /** The id of the packet that takes the place of an answered one. */
    public int nextId(int id) {
        return id + window;
    }

    /** Latencies in the measured window; read after the connection is closed. */
    Histogram histogram() {
        Histogram measured = histograms[Recorder.WINDOW].copy();
        measured.subtract(bounds());
        return measured;
    }

    /** Holds the least and the highest value, so that no later one is a new extreme, which would be a new branch in the window. */
    private static Histogram bounds() {
        Histogram bounds = new Histogram(HIGHEST_NANOS, DIGITS);
        bounds.recordValue(1);
        bounds.recordValue(HIGHEST_NANOS);
        return bounds;
    }
}
