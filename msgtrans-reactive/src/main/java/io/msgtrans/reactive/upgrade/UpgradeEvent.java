package io.msgtrans.reactive.upgrade;

/**
 * Something that happened in an {@link Upgrade}.
 *
 * @param kind what
 * @param percent how much of the traffic the new version gets now
 * @param detail for people: the figures that were compared, the reason; may be empty
 */
public record UpgradeEvent(Kind kind, int percent, String detail) {

    /** What can happen. */
    public enum Kind {
        /** The new version gets another part of the traffic. */
        STEP,
        /** It was watched there, and does well. */
        PASSED,
        /** It did worse than the old one, which has all traffic again. The last event. */
        ROLLED_BACK,
        /** The new version has all traffic, and the old one ends. */
        DRAINING_OLD,
        /** The old version has ended. The last event. */
        DONE
    }
}
