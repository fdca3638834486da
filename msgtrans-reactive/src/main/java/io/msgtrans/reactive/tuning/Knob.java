package io.msgtrans.reactive.tuning;

import org.jspecify.annotations.Nullable;

/** Something that can be set while all runs. Called by one thread, the tuner's. */
public interface Knob {

    /**
     * A change that would help.
     *
     * @param value to set
     * @param reason what was seen, and what it would bring
     */
    record Proposal(long value, String reason) {}

    /** What it is called. */
    String name();

    /** Of its values. */
    String unit();

    /** Its value now. */
    long value();

    /** Sets it; called with values within its bounds only. */
    void set(long value);

    /** The least that the user allows. */
    long least();

    /** The most that the user allows. */
    long most();

    /** What to set in a situation, or {@code null} when it is well as it is. Values outside the bounds are cut to them. */
    @Nullable
    Proposal propose(Situation now);

    /**
     * Whether a change that this knob proposed was worth it, besides what the tuner looks at in any case: an answer time, a rate of
     * errors or a throughput that got worse. {@code null} when it was, otherwise why not.
     */
    default @Nullable String regret(long from, long to, Situation before, Situation after) {
        return null;
    }
}
