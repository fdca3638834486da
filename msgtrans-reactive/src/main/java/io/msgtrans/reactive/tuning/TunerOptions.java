package io.msgtrans.reactive.tuning;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a {@link Tuner} may do. Immutable: each method returns a changed copy. */
public final class TunerOptions implements Cloneable {

    /** Advice only, every 30 s, without a knob. */
    public static final TunerOptions DEFAULTS = new TunerOptions();

    // Never written after the copy that a method returns has left it.
    private Duration interval = Duration.ofSeconds(30);
    private boolean acts;
    private List<Knob> knobs = List.of();

    private TunerOptions() {}

    /** How often it looks, and how long it waits for what an action brings, 50 ms..1 h; default 30 s. */
    public TunerOptions interval(Duration interval) {
        TunerOptions copy = copy();
        copy.interval =
                OptionRange.check("interval", interval, Duration.ofMillis(50), Duration.ofHours(1), "50 ms..1 h");
        return copy;
    }

    Duration interval() {
        return interval;
    }

    /** Whether it turns the knobs; default false: it only says what it would do. */
    public TunerOptions acts(boolean acts) {
        TunerOptions copy = copy();
        copy.acts = acts;
        return copy;
    }

    boolean acts() {
        return acts;
    }

    /** One more knob, asked behind those before it. */
    public TunerOptions knob(Knob knob) {
        TunerOptions copy = copy();
        List<Knob> more = new ArrayList<>(knobs);
        more.add(knob);
        copy.knobs = List.copyOf(more);
        return copy;
    }

    List<Knob> knobs() {
        return knobs;
    }

    private TunerOptions copy() {
        try {
            return (TunerOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
