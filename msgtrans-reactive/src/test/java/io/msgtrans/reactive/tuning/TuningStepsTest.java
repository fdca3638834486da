package io.msgtrans.reactive.tuning;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.monitor.MonitorSnapshot;
import io.msgtrans.reactive.tuning.Knob.Proposal;
import io.msgtrans.reactive.tuning.TunerEvent.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Decisions on a load that was recorded from a real server: 20 s of 2,000 echoes per second, of 60,000, and of 5,000. */
class TuningStepsTest {

    private static final Path RECORDED = Path.of("src/test/resources/tuning/echo-2k-60k-5k.jsonl");
    private static final int LOOK_EVERY = 4;

    private final List<TunerEvent> events = new ArrayList<>();

    /** Something with a value that wants more of it in some situations. */
    private static class TestKnob implements Knob {
        private final long most;
        private final BiFunction<Situation, Long, @Nullable Proposal> proposal;
        private long value;

        TestKnob(long most, BiFunction<Situation, Long, @Nullable Proposal> proposal) {
            this.most = most;
            this.proposal = proposal;
        }

        @Override
        public String name() {
            return "test";
        }

        @Override
        public String unit() {
            return "units";
        }

        @Override
        public long value() {
            return value;
        }

        @Override
        public void set(long value) {
            this.value = value;
        }

        @Override
        public long least() {
            return 0;
        }

        @Override
        public long most() {
            return most;
        }

        @Override
        public @Nullable Proposal propose(Situation now) {
            return proposal.apply(now, value);
        }
    }

    private static Situation with(Situation from, double packetsPerWrite, double cpu, double p99) {
        return new Situation(
                from.packetsIn(),
                from.packetsOut(),
                packetsPerWrite,
                p99,
                from.errorRate(),
                cpu,
                from.heap(),
                from.direct(),
                from.stalled(),
                from.full(),
                from.sessions());
    }

    private static Situation calm(double packets) {
        return new Situation(packets, packets, 1, 100, 0, 0.4, 0.1, 0.1, 0, 0, 8);
    }

    /** Plays the recording, changed by a model of what the setting does. */
    private void play(TuningSteps steps, Function<Situation, Situation> model) throws IOException {
        List<MonitorSnapshot> seen = new ArrayList<>();
        for (String line : Files.readAllLines(RECORDED)) {
            seen.add(MonitorSnapshot.fromJson(line));
            if (seen.size() == LOOK_EVERY) {
                steps.next(seen.get(0).epochMillis(), model.apply(Situation.of(seen)));
                seen.clear();
            }
        }
    }

    /** Waiting 100 us more joins packets as these rates do, and half of what a packet costs is its write. */
    private static Situation joining(Situation recorded, long delayMicros) {
        double joined = Math.max(1, recorded.packetsPerWrite())
                + delayMicros * recorded.packetsOut() / Math.max(1, recorded.sessions()) / 1e6;
        return with(
                recorded, joined, recorded.cpu() * (0.5 + 0.5 / joined), recorded.p99Micros() + delayMicros / 100.0);
    }

    @Test
    void adviceIsGivenOnceWhileItHoldsAndNothingIsSet() throws IOException {
        TestKnob knob =
                new TestKnob(10, (now, value) -> now.packetsOut() > 50_000 ? new Proposal(5, "many packets") : null);
        play(new TuningSteps(TunerOptions.DEFAULTS.knob(knob), events::add), now -> now);
        assertThat(events).singleElement().satisfies(event -> {
            assertThat(event.kind()).isEqualTo(Kind.ADVICE);
            assertThat(event.to()).isEqualTo(5);
        });
        assertThat(knob.value()).isZero();
    }

    @Test
    void whatHelpsIsKeptAndWhatIsNotNeededAnyMoreIsUndone() throws IOException {
        TestKnob knob = new TestKnob(
                400,
                (now, value) -> now.packetsOut() > 50_000 && now.packetsPerWrite() < 2
                        ? new Proposal(value + 200, "single packets")
                        : now.packetsOut() < 10_000 && value > 0 ? new Proposal(0, "few packets") : null);
        play(
                new TuningSteps(TunerOptions.DEFAULTS.acts(true).knob(knob), events::add),
                now -> joining(now, knob.value()));
        assertThat(events)
                .extracting(TunerEvent::kind)
                .startsWith(Kind.ACTION, Kind.KEPT)
                .doesNotContain(Kind.ADVICE);
        assertThat(events.get(1).reason()).contains("packets per write 1.").contains("->");
        assertThat(events).anyMatch(event -> event.kind() == Kind.ACTION && event.to() == 0);
        assertThat(knob.value()).isZero();
    }

    @Test
    void whatMakesAnswersLateIsTakenBackAndLeftAloneForAWhile() throws IOException {
        TestKnob knob =
                new TestKnob(10, (now, value) -> now.packetsOut() > 50_000 ? new Proposal(value + 1, "try") : null);
        play(
                new TuningSteps(TunerOptions.DEFAULTS.acts(true).knob(knob), events::add),
                now -> with(now, 1, now.cpu(), 300 + 500.0 * knob.value()));
        assertThat(events).extracting(TunerEvent::kind).containsExactly(Kind.ACTION, Kind.TAKEN_BACK);
        assertThat(events.get(1).reason()).isEqualTo("p99 went from 300 to 800 us");
        assertThat(knob.value()).isZero();
    }

    @Test
    void errorsAndLessThroughputAreTakenBackToo() {
        TestKnob knob = new TestKnob(10, (now, value) -> new Proposal(1, "try"));
        TuningSteps steps = new TuningSteps(TunerOptions.DEFAULTS.acts(true).knob(knob), events::add);
        steps.next(1, calm(1000));
        steps.next(2, calm(700));
        assertThat(events.get(1).reason()).isEqualTo("packets went from 2000 to 1400 per second");
        assertThat(knob.value()).isZero();
        for (int step = 3; step < 12; step++) {
            steps.next(step, calm(1000));
        }
        assertThat(events).as("the knob rests").hasSize(2);
        steps.next(12, calm(1000));
        assertThat(events).as("and is tried again").hasSize(3);
    }

    @Test
    void valuesStayWithinTheBoundsAndOnlyOneThingIsTriedAtATime() {
        TestKnob first = new TestKnob(10, (now, value) -> new Proposal(99, "much more"));
        Knob second = new TestKnob(10, (now, value) -> new Proposal(3, "also"));
        TuningSteps steps =
                new TuningSteps(TunerOptions.DEFAULTS.acts(true).knob(first).knob(second), events::add);
        steps.next(1, calm(1000));
        assertThat(events)
                .singleElement()
                .satisfies(event -> assertThat(event.to()).isEqualTo(10));
    }

    @Test
    void aKnobThatIsRegrettedIsTurnedBack() {
        Knob strict = new TestKnob(10, (now, value) -> new Proposal(1, "try")) {
            @Override
            public String regret(long from, long to, Situation before, Situation after) {
                return "nothing gained";
            }
        };
        TuningSteps steps = new TuningSteps(TunerOptions.DEFAULTS.acts(true).knob(strict), events::add);
        steps.next(1, calm(1000));
        steps.next(2, calm(1000));
        assertThat(events.get(1).kind()).isEqualTo(Kind.TAKEN_BACK);
        assertThat(events.get(1).reason()).isEqualTo("nothing gained");
    }
}
