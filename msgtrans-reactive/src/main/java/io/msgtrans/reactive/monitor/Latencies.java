package io.msgtrans.reactive.monitor;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * Times of one kind, from all event loops, with two significant digits between 1 us and 1 h. Above 50,000 per second, or what {@link
 * MonitorOptions#measureAllUpTo} says, every 16th is measured, chosen by message id, and stands for 16. While nobody reads, nothing is measured.
 */
public final class Latencies {

    private static final int DIGITS = 2;
    private static final long LOWEST_NANOS = TimeUnit.MICROSECONDS.toNanos(1);
    private static final long HIGHEST_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final int ALL = 0;
    private static final int ONE_IN_16 = 15;
    private static final int NONE = -1;
    private static final int ALL_UP_TO = 50_000;
    private static final long JUDGED_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** Which ids are measured: those that have none of these bits. Read without a barrier on the message path. */
    private int mask = NONE;

    private volatile @Nullable Recorder recorder;
    private final List<Reader> readers = new CopyOnWriteArrayList<>();

    /** Rate above which not all are measured. */
    private volatile int allUpTo = ALL_UP_TO;

    // Guarded by this.
    private @Nullable Histogram interval;
    private long judgedNanos;

    /** Measured since the last judgement, about: event loops count over each other. */
    private int burst;

    Latencies() {}

    /** Measures each up to so many per second. */
    void measureAllUpTo(int perSecond) {
        allUpTo = perSecond;
    }

    /** Whether to measure what has this id. */
    public boolean samples(int id) {
        return (id & mask) == 0;
    }

    /** Whether what has this id may have been chosen, now or when the choice was another. */
    public boolean maySample(int id) {
        int now = mask;
        return (id & now) == 0 || now == NONE;
    }

    /** Whether somebody reads. */
    public boolean isOn() {
        return mask != NONE;
    }

    /** Notes a time of something that {@link #samples} chose. */
    public void record(long nanos) {
        Recorder present = recorder;
        int now = mask;
        if (present != null && now != NONE) {
            present.recordValueWithCount(Math.max(LOWEST_NANOS, Math.min(HIGHEST_NANOS, nanos)), now + 1L);
            if (++burst > allUpTo >> 1) {
                judge();
            }
        }
    }

    /** Notes a time of something rare, which is always measured. */
    public void recordEach(long nanos) {
        Recorder present = recorder;
        if (present != null) {
            present.recordValue(Math.max(LOWEST_NANOS, Math.min(HIGHEST_NANOS, nanos)));
        }
    }

    static Histogram newHistogram() {
        return new Histogram(LOWEST_NANOS, HIGHEST_NANOS, DIGITS);
    }

    /** Somebody who wants all times from now on, and must {@link Reader#close} at the end. */
    public Reader reader() {
        Reader reader = new Reader();
        synchronized (this) {
            if (readers.isEmpty()) {
                recorder = new Recorder(LOWEST_NANOS, HIGHEST_NANOS, DIGITS);
                interval = null;
                judgedNanos = System.nanoTime();
                burst = 0;
                mask = ALL;
            }
            readers.add(reader);
        }
        return reader;
    }

    private synchronized void leave(Reader reader) {
        readers.remove(reader);
        if (readers.isEmpty()) {
            mask = NONE;
            recorder = null;
        }
    }

    /** Gives what was measured to all readers, and judges how many to measure. */
    private synchronized void distribute() {
        Recorder present = recorder;
        if (present == null) {
            return;
        }
        Histogram taken = present.getIntervalHistogram(interval);
        interval = taken;
        if (taken.getTotalCount() > 0) {
            readers.forEach(reader -> reader.add(taken));
        }
        if (System.nanoTime() - judgedNanos > JUDGED_AFTER_NANOS) {
            judge();
        }
    }

    /** How many to measure, by how long the last ones took to come. */
    private synchronized void judge() {
        long now = System.nanoTime();
        double measuredPerSecond = burst * (double) TimeUnit.SECONDS.toNanos(1) / Math.max(1, now - judgedNanos);
        if (mask != NONE) {
            mask = measuredPerSecond * (mask + 1) > allUpTo ? ONE_IN_16 : ALL;
        }
        burst = 0;
        judgedNanos = now;
    }

    /** One who reads, at its own pace. */
    public final class Reader implements AutoCloseable {
        private final Histogram waiting = newHistogram();

        private synchronized void add(Histogram more) {
            waiting.add(more);
        }

        /** What was measured since the last call. */
        public Histogram take() {
            distribute();
            synchronized (this) {
                Histogram taken = waiting.copy();
                waiting.reset();
                return taken;
            }
        }

        /** Reads no more. */
        @Override
        public void close() {
            leave(this);
        }
    }
}
