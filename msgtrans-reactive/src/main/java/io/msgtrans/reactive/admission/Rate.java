package io.msgtrans.reactive.admission;

/**
 * How often something may happen.
 *
 * @param perSecond in the long run, above 0, up to 10^9
 * @param burst at once after a pause, 1..10^6
 */
public record Rate(double perSecond, int burst) {

    public Rate {
        if (!(perSecond > 0 && perSecond <= 1e9) || burst < 1 || burst > 1_000_000) {
            throw new IllegalArgumentException("rate " + perSecond + ", " + burst + " is outside 0..10^9, 1..10^6");
        }
    }

    public static Rate of(double perSecond, int burst) {
        return new Rate(perSecond, burst);
    }
}
