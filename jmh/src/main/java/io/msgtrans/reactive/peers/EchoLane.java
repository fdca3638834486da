package io.msgtrans.reactive.peers;

import java.util.Arrays;
import org.HdrHistogram.Histogram;

/**
 * The packets in flight on one connection, their check and their latencies.
 *
 * <pre>
 *   start:  for each slot in 0..window-1: begin(slot, now), send a packet with id = slot
 *   reply:  if accepts(id, length, now): send a packet with nextId(id)
 * </pre>
 *
 * <p>The id of a packet names its slot (id modulo window) and how often that slot was used, so replies are matched in any
 * order and a repeated or invented reply is an error. A slot is sent again at the moment of its reply, so one clock
 * reading serves both. Each contestant reads the clock for each reply.
 *
 * <p>Used by one thread at a time, the one that handles the connection.
 */
public final class EchoLane {

    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final int DIGITS = 3;

    private final Recorder recorder;
    private final int window;
    private final int payloadBytes;

    private final int[] expectedIds;
    private final long[] sentNanos;
    /** By {@link Recorder#phase()}. */
    private final Histogram[] histograms = new Histogram[Recorder.PHASES];

    EchoLane(Recorder recorder, Workload workload) {
        this.recorder = recorder;
        this.window = workload.window();
        this.payloadBytes = workload.payloadBytes();
        this.expectedIds = new int[window];
        this.sentNanos = new long[window];
        Arrays.setAll(histograms, phase -> bounds());
    }

    /** Packets in flight; ids start as 0 to window-1. */
    public int window() {
        return window;
    }

    /** Notes that the first packet of a slot, whose id is the slot's number, is sent now. */
    public void begin(int slot, long nowNanos) {
        expectedIds[slot] = slot;
        sentNanos[slot] = nowNanos;
    }

    /**
     * Checks a reply and notes its latency. When it is right, its slot counts as sent again now, with
     * {@link #nextId(int)}; else it is counted as an error, and nothing is to be sent.
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
        return true;
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
