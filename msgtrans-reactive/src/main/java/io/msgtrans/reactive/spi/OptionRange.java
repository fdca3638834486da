package io.msgtrans.reactive.spi;

import java.time.Duration;

/** The check of an option's value where it enters: the error names the option, the value and the range. */
public final class OptionRange {

    private OptionRange() {}

    /**
     * The value.
     *
     * @param option its name
     * @param range for people, such as {@code "10 ms..1 day"}
     * @throws IllegalArgumentException when it is below the least or above the most
     */
    public static Duration check(String option, Duration value, Duration least, Duration most, String range) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(option + " " + value + " is outside " + range);
        }
        return value;
    }

    /**
     * A share of a whole.
     *
     * @param option its name
     * @throws IllegalArgumentException when it is below 0, above 1, or no number
     */
    public static double share(String option, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(option + " " + value + " is outside 0..1");
        }
        return value;
    }

    /**
     * A number.
     *
     * @param option its name
     * @throws IllegalArgumentException when it is below the least or above the most
     */
    public static int check(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " " + value + " is outside " + least + ".." + most);
        }
        return value;
    }
}
