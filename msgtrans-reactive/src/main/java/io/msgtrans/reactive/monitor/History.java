package io.msgtrans.reactive.monitor;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The figures of the last 24 hours in fixed memory, about 600 KiB: each second of the last 10 minutes, each 10 seconds of the last
 * 2 hours, each minute of the last day (with snapshots once a second). Safe for use by several threads.
 */
public final class History {

    /** How far back and how fine. */
    public enum Resolution {
        /** Each snapshot, 600 of them. */
        FINE(600, 1),
        /** 10 snapshots in one, 720 of them. */
        MIDDLE(720, 10),
        /** 60 snapshots in one, 1,440 of them. */
        COARSE(1440, 60);

        private final int length;
        private final int joined;

        Resolution(int length, int joined) {
            this.length = length;
            this.joined = joined;
        }
    }

    /**
     * A stretch of the history, oldest first.
     *
     * @param epochMillis when each was taken
     * @param values by figure, as long as {@code epochMillis}
     */
    public record Series(List<Long> epochMillis, Map<Figure, List<Double>> values) {}

    private final Map<Resolution, Ring> rings = new EnumMap<>(Resolution.class);

    History() {
        for (Resolution resolution : Resolution.values()) {
            rings.put(resolution, new Ring(resolution));
        }
    }

    synchronized void add(MonitorSnapshot snapshot) {
        rings.values().forEach(ring -> ring.add(snapshot));
    }

    /** All that is known at a resolution. */
    public synchronized Series series(Resolution resolution) {
        return ring(resolution).series();
    }

    /** The last values of a figure at a resolution, oldest first: so many, or fewer when there are not so many yet. */
    public synchronized double[] last(Figure figure, Resolution resolution, int count) {
        return ring(resolution).last(figure, count);
    }

    private Ring ring(Resolution resolution) {
        return Objects.requireNonNull(rings.get(resolution));
    }

    /** One figure of a ring, and what becomes its next entry. */
    private static final class Line {
        private final double[] values;
        private double open;

        Line(int length) {
            values = new double[length];
        }

        void join(Figure figure, double value, int joined) {
            if (joined == 0) {
                open = value;
            } else {
                open = figure.isPeak() ? Math.max(open, value) : open + (value - open) / (joined + 1);
            }
        }
    }

    private static final class Ring {
        private final Resolution resolution;
        private final long[] times;
        private final Map<Figure, Line> lines = new EnumMap<>(Figure.class);
        private int next;
        private int size;
        /** How many snapshots are in the next entry. */
        private int joined;

        Ring(Resolution resolution) {
            this.resolution = resolution;
            this.times = new long[resolution.length];
            for (Figure figure : Figure.values()) {
                lines.put(figure, new Line(resolution.length));
            }
        }

        void add(MonitorSnapshot snapshot) {
            lines.forEach((figure, line) -> line.join(figure, figure.of(snapshot), joined));
            if (++joined == resolution.joined) {
                joined = 0;
                times[next] = snapshot.epochMillis();
                lines.values().forEach(line -> line.values[next] = line.open);
                next = (next + 1) % resolution.length;
                size = Math.min(size + 1, resolution.length);
            }
        }

        private int at(int back) {
            return Math.floorMod(next - back, resolution.length);
        }

        double[] last(Figure figure, int count) {
            double[] values = Objects.requireNonNull(lines.get(figure)).values;
            double[] found = new double[Math.min(count, size)];
            for (int i = 0; i < found.length; i++) {
                found[i] = values[at(found.length - i)];
            }
            return found;
        }

        Series series() {
            List<Long> when = new ArrayList<>(size);
            for (int back = size; back > 0; back--) {
                when.add(times[at(back)]);
            }
            Map<Figure, List<Double>> all = new EnumMap<>(Figure.class);
            for (Figure figure : Figure.values()) {
                List<Double> values = new ArrayList<>(size);
                for (double value : last(figure, size)) {
                    values.add(value);
                }
                all.put(figure, values);
            }
            return new Series(when, all);
        }
    }
}
