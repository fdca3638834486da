package io.msgtrans.reactive.tuning;

import io.msgtrans.reactive.tuning.TunerEvent.Kind;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of a tuner, one at a time: an action, a look at what it brought, the next. Between an action and the look nothing
 * else is changed, so that it is known what did it.
 */
final class TuningSteps {

    private static final double SLOWER = 1.25;
    private static final double SLOWER_MICROS = 200;
    private static final double LESS = 0.9;
    private static final double MORE_ERRORS = 0.01;
    /** After a knob was turned back it is left alone for so many steps. */
    private static final int REST = 10;

    private record Trial(Knob knob, long from, long to, Situation before) {}

    private final TunerOptions options;
    private final Consumer<TunerEvent> events;
    private final Map<Knob, Integer> resting = new HashMap<>();
    /** The last advice for each, so that it is given once. */
    private final Map<Knob, Long> advised = new HashMap<>();

    private @Nullable Trial trial;

    TuningSteps(TunerOptions options, Consumer<TunerEvent> events) {
        this.options = options;
        this.events = events;
    }

    void next(long epochMillis, Situation now) {
        resting.replaceAll((knob, steps) -> steps - 1);
        resting.values().removeIf(steps -> steps <= 0);
        if (trial != null) {
            judge(epochMillis, trial, now);
            trial = null;
            return;
        }
        for (Knob knob : options.knobs()) {
            Knob.Proposal proposal = resting.containsKey(knob) ? null : knob.propose(now);
            long from = knob.value();
            long to = proposal == null ? from : Math.max(knob.least(), Math.min(knob.most(), proposal.value()));
            if (proposal == null || to == from) {
                advised.remove(knob);
            } else if (options.acts()) {
                knob.set(to);
                trial = new Trial(knob, from, to, now);
                tell(epochMillis, Kind.ACTION, knob, from, to, proposal.reason());
                return;
            } else if (!Long.valueOf(to).equals(advised.put(knob, to))) {
                tell(epochMillis, Kind.ADVICE, knob, from, to, proposal.reason());
            }
        }
    }

    private void judge(long epochMillis, Trial tried, Situation now) {
        String worse = worse(tried.before(), now);
        if (worse == null) {
            worse = tried.knob().regret(tried.from(), tried.to(), tried.before(), now);
        }
        if (worse == null) {
            tell(epochMillis, Kind.KEPT, tried.knob(), tried.from(), tried.to(), effect(tried.before(), now));
        } else {
            tried.knob().set(tried.from());
            resting.put(tried.knob(), REST);
            tell(epochMillis, Kind.TAKEN_BACK, tried.knob(), tried.to(), tried.from(), worse);
        }
    }

    private static @Nullable String worse(Situation before, Situation now) {
        if (now.p99Micros() > before.p99Micros() * SLOWER && now.p99Micros() > before.p99Micros() + SLOWER_MICROS) {
            return text("p99 went from %.0f to %.0f us", before.p99Micros(), now.p99Micros());
        }
        if (now.errorRate() > before.errorRate() + MORE_ERRORS) {
            return text("errors went from %.2f to %.2f %%", before.errorRate() * 100, now.errorRate() * 100);
        }
        return now.packets() < LESS * before.packets()
                ? text("packets went from %.0f to %.0f per second", before.packets(), now.packets())
                : null;
    }

    private static String effect(Situation before, Situation now) {
        return text(
                "packets %.0f -> %.0f per second, CPU %.0f -> %.0f %%, p99 %.0f -> %.0f us, packets per write %.1f -> %.1f",
                before.packets(),
                now.packets(),
                before.cpu() * 100,
                now.cpu() * 100,
                before.p99Micros(),
                now.p99Micros(),
                before.packetsPerWrite(),
                now.packetsPerWrite());
    }

    private void tell(long epochMillis, Kind kind, Knob knob, long from, long to, String reason) {
        events.accept(new TunerEvent(epochMillis, kind, knob.name(), from, to, knob.unit(), reason));
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
