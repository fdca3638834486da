package io.msgtrans.reactive.metrics;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.msgtrans.reactive.monitor.Latencies;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A timer over times that are measured elsewhere, and its percentiles and maximum over the last minute. Percentiles have the names
 * that Micrometer gives to its own: {@code .percentile} with the tag {@code phi}.
 */
final class LatencyMeters implements AutoCloseable {

    private static final int SLOTS = 6;
    private static final long SLOT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final List<Double> PERCENTILES = List.of(0.5, 0.99, 0.999);

    private final Latencies.Reader reader;
    private final Snapshot<Times> times = new Snapshot<>(this::look);

    // Guarded by times.
    private final @Nullable Histogram[] slots = new @Nullable Histogram[SLOTS];
    private long slot = System.nanoTime() / SLOT_NANOS;
    private long count;
    private double totalNanos;

    /** @param lastMinute what was measured in it */
    private record Times(long count, double totalNanos, Histogram lastMinute) {}

    LatencyMeters(
            MeterRegistry registry, String name, String what, Tags tags, Latencies latencies, Consumer<Meter> added) {
        this.reader = latencies.reader();
        added.accept(FunctionTimer.builder(
                        name, times, now -> now.get().count(), now -> now.get().totalNanos(), TimeUnit.NANOSECONDS)
                .tags(tags)
                .description(what)
                .register(registry));
        for (double percentile : PERCENTILES) {
            added.accept(gauge(name + ".percentile", now -> now.getValueAtPercentile(percentile * 100))
                    .tags(tags.and("phi", Double.toString(percentile)))
                    .description("over the last minute")
                    .register(registry));
        }
        added.accept(gauge(name + ".max", Histogram::getMaxValue)
                .tags(tags)
                .description("over the last minute")
                .register(registry));
    }

    private TimeGauge.Builder<Snapshot<Times>> gauge(String name, ToLongFunction<Histogram> value) {
        return TimeGauge.builder(
                name,
                times,
                TimeUnit.NANOSECONDS,
                now -> value.applyAsLong(now.get().lastMinute()));
    }

    private Times look() {
        Histogram taken = reader.take();
        count += taken.getTotalCount();
        totalNanos += taken.getMean() * taken.getTotalCount();
        long now = System.nanoTime() / SLOT_NANOS;
        while (slot < now) {
            slot = Math.max(slot + 1, now - SLOTS + 1);
            slots[(int) Math.floorMod(slot, (long) SLOTS)] = null;
        }
        int index = (int) Math.floorMod(now, (long) SLOTS);
        Histogram current = slots[index];
        if (current == null) {
            slots[index] = taken.copy();
        } else if (taken.getTotalCount() > 0) {
            current.add(taken);
        }
        Histogram minute = new Histogram(taken);
        for (Histogram each : slots) {
            if (each != null && each.getTotalCount() > 0) {
                minute.add(each);
            }
        }
        return new Times(count, totalNanos, minute);
    }

    @Override
    public void close() {
        reader.close();
    }
}
