package io.msgtrans.reactive.tuning;

import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import reactor.core.Disposable;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Looks at a monitor every 30 s and says which setting would help, or changes it: one at a time, within the bounds of its {@link
 * Knob}, and at the next look it keeps the change or takes it back.
 *
 * <pre>{@code
 * Tuner tuner = Tuner.of(monitor, TunerOptions.DEFAULTS
 *     .acts(true)
 *     .knob(Knobs.writeDelay(server, Duration.ofMillis(1)))
 *     .knob(Knobs.workers(workers, 4, 64)));
 * tuner.events().subscribe(event -> log.info("{}", event));
 * }</pre>
 *
 * <p>Works on the monitor's thread and ends with it, or with {@link #dispose()}; settings stay as they are then.
 */
public final class Tuner implements Disposable {

    private static final Logger log = Loggers.getLogger(Tuner.class);
    private static final int REMEMBERED = 100;

    private final Sinks.Many<TunerEvent> events = Sinks.many().multicast().directBestEffort();
    private final Disposable looking;
    /** Newest first; guarded by itself. */
    private final Deque<TunerEvent> past = new ArrayDeque<>();

    private Tuner(Monitor monitor, TunerOptions options) {
        TuningSteps steps = new TuningSteps(options, this::tell);
        List<MonitorSnapshot> seen = new ArrayList<>();
        long intervalMillis = options.interval().toMillis();
        this.looking = monitor.snapshots()
                .subscribe(
                        snapshot -> look(steps, seen, snapshot, intervalMillis),
                        error -> events.tryEmitComplete(),
                        events::tryEmitComplete);
    }

    /** A tuner that begins to look now. */
    public static Tuner of(Monitor monitor, TunerOptions options) {
        return new Tuner(monitor, options);
    }

    /** The interval is over when the snapshots reach over it: what was seen in it decides. */
    private static void look(
            TuningSteps steps, List<MonitorSnapshot> seen, MonitorSnapshot snapshot, long intervalMillis) {
        seen.add(snapshot);
        if (snapshot.epochMillis() - seen.get(0).epochMillis() < intervalMillis) {
            return;
        }
        Situation now = Situation.of(seen);
        seen.clear();
        try {
            steps.next(snapshot.epochMillis(), now);
        } catch (RuntimeException thrown) {
            log.warn("a knob failed", thrown); // others go on at the next look
        }
    }

    private void tell(TunerEvent event) {
        log.info("tuner: {}", event);
        synchronized (past) {
            past.addFirst(event);
            if (past.size() > REMEMBERED) {
                past.removeLast();
            }
        }
        events.tryEmitNext(event);
        if (isDisposed()) {
            events.tryEmitComplete(); // which dispose() could not do while the event was signalled
        }
    }

    /** What it says from the subscription on, on the monitor's thread; a slow subscriber gets the last hundred. */
    public Flux<TunerEvent> events() {
        // The buffer's order holds for a subscriber that disposes this tuner in onNext, too: a sink alone would
        // complete in the middle of the event.
        return events.asFlux().onBackpressureBuffer(REMEMBERED, BufferOverflowStrategy.DROP_OLDEST);
    }

    /** The last hundred things that it said, newest first. */
    public List<TunerEvent> past() {
        synchronized (past) {
            return List.copyOf(past);
        }
    }

    @Override
    public void dispose() {
        looking.dispose();
        events.tryEmitComplete();
    }

    @Override
    public boolean isDisposed() {
        return looking.isDisposed();
    }
}
