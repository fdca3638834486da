package io.msgtrans.reactive.monitor;

import java.util.Arrays;

/** Statistics that a few wild values do not move. */
final class RobustStatistics {

    /** Makes the median absolute deviation of a normal distribution equal to its standard deviation. */
    private static final double NORMAL = 0.6745;

    private RobustStatistics() {}

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The median distance from the median. */
    static double deviation(double[] values, double median) {
        double[] distances = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            distances[i] = Math.abs(values[i] - median);
        }
        return median(distances);
    }

    /**
     * The modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993): 0.6745 (x - median) / MAD. Beyond 3.5
     * they call a value an outlier.
     *
     * @param floor the least deviation, for values that hardly vary
     */
    static double score(double value, double median, double deviation, double floor) {
        return NORMAL * (value - median) / Math.max(deviation, floor);
    }

    /** The slope of Theil and Sen (1950, 1968): the median of the slopes of all pairs; equally spaced values, per step. */
    static double slope(double[] values) {
        int n = values.length;
        double[] slopes = new double[n * (n - 1) / 2];
        int next = 0;
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                slopes[next++] = (values[j] - values[i]) / (j - i);
            }
        }
        return median(slopes);
    }

    /**
     * The test of Mann and Kendall (1945, 1975) for a trend, as a normal deviate: beyond 2.33 a rise is due to chance once in a
     * hundred. Equal values are taken into account.
     */
    static double trend(double[] values) {
        int n = values.length;
        long sum = 0;
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                sum += (long) Math.signum(values[j] - values[i]);
            }
        }
        double variance = n * (n - 1.0) * (2 * n + 5);
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        for (int from = 0; from < n; ) {
            int to = from;
            while (to < n && sorted[to] == sorted[from]) {
                to++;
            }
            double ties = to - from;
            variance -= ties * (ties - 1) * (2 * ties + 5);
            from = to;
        }
        return variance <= 0 || sum == 0 ? 0 : (sum - Long.signum(sum)) / Math.sqrt(variance / 18);
    }
}
