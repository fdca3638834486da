package io.msgtrans.reactive.monitor;

/**
 * Where a figure goes: the slope of Theil and Sen over the last stretch, and by the test of Mann and Kendall whether it is due to
 * chance.
 *
 * @param figure which
 * @param perMinute how much it changes in a minute
 * @param relative the same as a share of its median
 * @param certainty the test's normal deviate: beyond 2.33 in either direction, chance is less than one in a hundred
 */
public record Trend(Figure figure, double perMinute, double relative, double certainty) {

    private static final double SURE = 2.33;

    /** Whether it goes up and not by chance. */
    public boolean isRising() {
        return certainty > SURE;
    }

    /** Whether it goes down and not by chance. */
    public boolean isFalling() {
        return certainty < -SURE;
    }
}
