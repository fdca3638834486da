package io.msgtrans.reactive.samples.soak;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Whether a figure of a long run stands where it stood: the median of its last third against that of its first, of what is left behind the
 * warm-up, which is the first fifth.
 *
 * @param figure which
 * @param before the median of the first third
 * @param after the median of the last
 * @param limit up to which the last is as the first
 */
record Drift(String figure, double before, double after, double limit) {

    private static final double WARM_UP = 0.2;

    /**
     * What is judged of the samples.
     *
     * @param figure its name
     * @param value its value in a sample
     * @param share by how much of itself it may rise
     * @param least by how much it may rise in any case
     */
    private record Watched(String figure, ToDoubleFunction<SoakSample> value, double share, double least) {}

    private static final List<Watched> WATCHED = List.of(
            new Watched("heap MB", sample -> sample.memory().heapBytes() / 1e6, 0.1, 3),
            new Watched("direct MB", sample -> sample.memory().directBytes() / 1e6, 0.1, 16),
            new Watched("resident MB", sample -> sample.memory().residentBytes() / 1e6, 0.1, 32),
            new Watched("threads", SoakSample::threads, 0, 3),
            new Watched("open files", SoakSample::files, 0, 20),
            new Watched("sessions", SoakSample::sessions, 0, 5),
            new Watched("p50 us", SoakSample::p50Micros, 0.5, 100),
            new Watched("p99 us", SoakSample::p99Micros, 1, 3000));

    /** All judged figures; none when there are too few samples. */
    static List<Drift> of(List<SoakSample> samples) {
        List<SoakSample> warm = samples.subList((int) Math.ceil(samples.size() * WARM_UP), samples.size());
        int third = warm.size() / 3;
        if (third == 0) {
            return List.of();
        }
        return WATCHED.stream()
                .map(watched -> {
                    double before = median(warm.subList(0, third), watched.value());
                    double after = median(warm.subList(warm.size() - third, warm.size()), watched.value());
                    return new Drift(
                            watched.figure(),
                            before,
                            after,
                            before + Math.max(before * watched.share(), watched.least()));
                })
                .toList();
    }

    private static double median(List<SoakSample> samples, ToDoubleFunction<SoakSample> value) {
        double[] values = samples.stream().mapToDouble(value).sorted().toArray();
        return values.length % 2 == 1
                ? values[values.length / 2]
                : Arrays.stream(values, values.length / 2 - 1, values.length / 2 + 1)
                        .average()
                        .orElseThrow();
    }

    /** Whether it rose beyond its limit. */
    boolean isDrift() {
        return after > limit;
    }

    /** A row of the table. */
    String row() {
        return String.format(
                Locale.ROOT,
                "| %s | %,.1f | %,.1f | %,.1f | %s |",
                figure,
                before,
                after,
                limit,
                isDrift() ? "**drift**" : "holds");
    }
}
