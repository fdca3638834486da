package io.msgtrans.reactive.tuning;

/**
 * Something that a tuner advises, does, or found out about what it did.
 *
 * @param epochMillis when
 * @param kind what it is
 * @param knob which one
 * @param from its value before
 * @param to its value behind
 * @param unit of the values
 * @param reason why; for what was done, what it brought
 */
public record TunerEvent(long epochMillis, Kind kind, String knob, long from, long to, String unit, String reason) {

    /** What a tuner may say. */
    public enum Kind {
        /** It would do this, if it were allowed to. */
        ADVICE,
        /** It did this, and will look what it brings. */
        ACTION,
        /** What it did was good, or harmless, and stays. */
        KEPT,
        /** What it did made things worse, and is undone. */
        TAKEN_BACK
    }
}
