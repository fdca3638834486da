package io.msgtrans.reactive.samples.soak;

import com.sun.management.UnixOperatingSystemMXBean;
import io.msgtrans.reactive.monitor.Leak;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.samples.process.MemoryUse;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A mixed load over all links while one after the other is disturbed; prints how the process stands, and judges at the end. */
public final class SoakRun {

    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration FAULT_EVERY = Duration.ofSeconds(2);

    private final List<String> schemes;
    private final int perSecond;
    private final long seed;
    private final PrintWriter out;
    private final Violations violations = new Violations();
    private final LongAdder faults = new LongAdder();
    private final Sinks.Empty<Void> stop = Sinks.empty();

    /**
     * @param schemes of the transports
     * @param perSecond packets of each kind on each of them
     * @param seed of the faults
     */
    public SoakRun(List<String> schemes, int perSecond, long seed, PrintWriter out) {
        this.schemes = schemes;
        this.perSecond = perSecond;
        this.seed = seed;
        this.out = out;
    }

    /** Ends the run now and in order: what was under way is finished and judged as it would have been later. From any thread. */
    public void stop() {
        stop.tryEmitEmpty();
    }

    /** Runs for a time, with a line for each interval; true when nothing drifted and all counters add up. */
    public boolean run(Duration time, Duration interval, Path chain, Path key) {
        out.printf(
                "%s for %s, %,d requests, acknowledged and one-way packets per second on each; faults from --seed %d%n",
                String.join(", ", schemes), time.toString().substring(2).toLowerCase(Locale.ROOT), perSecond, seed);
        SoakServer server = new SoakServer(schemes, chain, key, violations);
        Monitor monitor = Monitor.of(server.bound());
        List<SoakLink> links = new ArrayList<>();
        List<SoakLoad> loads = new ArrayList<>();
        for (URI uri : server.uris()) {
            SoakLink link = SoakLink.to(uri, seed);
            links.add(link);
            loads.add(new SoakLoad(loads.size(), link, chain, violations));
        }
        loads.forEach(load -> load.begin(perSecond));
        Random random = new Random(seed);
        Disposable disturbing = Flux.interval(FAULT_EVERY).onBackpressureDrop().subscribe(tick -> {
            links.forEach(SoakLink::heal);
            if (tick % 2 == 0) {
                disturb(links.get(random.nextInt(links.size())), random);
            }
        });
        List<SoakSample> samples = sample(time, interval, server, loads);
        disturbing.dispose();
        links.forEach(SoakLink::heal);

        loads.forEach(load -> load.end(LIMIT));
        await("all sessions are closed", () -> server.bound().sessionCount() == 0);
        for (Leak leak : monitor.leaks()) {
            if (leak.perMinute() == 0) {
                violations.add(leak.message());
            }
        }
        List<SoakLoad.Counts> counts = loads.stream().map(SoakLoad::counts).toList();
        for (int i = 0; i < counts.size(); i++) {
            check(counts.get(i), server.delivered(i));
        }
        monitor.dispose();
        links.forEach(SoakLink::close);
        server.dispose();
        return show(counts, server.broadcasts(), Drift.of(samples));
    }

    /** One link at a time is broken, so that the others show what a server does beside it. */
    private void disturb(SoakLink link, Random random) {
        if (link.disturb(random) != null) {
            faults.increment();
        }
    }

    private List<SoakSample> sample(Duration time, Duration interval, SoakServer server, List<SoakLoad> loads) {
        out.println(SoakSample.HEADING);
        List<SoakSample> samples = new ArrayList<>();
        long packets = 0;
        long begin = System.nanoTime();
        for (long at = interval.toNanos(); at <= time.toNanos(); at += interval.toNanos()) {
            Mono<Boolean> passed = Mono.delay(Duration.ofNanos(Math.max(0, begin + at - System.nanoTime())))
                    .thenReturn(true);
            if (Boolean.FALSE.equals(Mono.firstWithSignal(passed, stop.asMono().thenReturn(false))
                    .block())) {
                out.println("asked to end");
                break;
            }
            Histogram roundTrips = loads.get(0).takeRoundTrips();
            loads.subList(1, loads.size()).forEach(load -> roundTrips.add(load.takeRoundTrips()));
            long now = loads.stream().mapToLong(load -> load.counts().packets()).sum();
            SoakSample sample = new SoakSample(
                    TimeUnit.NANOSECONDS.toSeconds(at),
                    MemoryUse.now(true),
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    openFiles(),
                    server.bound().sessionCount(),
                    now - packets,
                    roundTrips.getValueAtPercentile(50) / 1e3,
                    roundTrips.getValueAtPercentile(99) / 1e3,
                    faults.sum(),
                    violations.count());
            packets = now;
            samples.add(sample);
            out.println(sample.row());
            out.flush();
        }
        return samples;
    }

    private static long openFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getOpenFileDescriptorCount()
                : 0;
    }

    /** What went in came out, or was reported. */
    private void check(SoakLoad.Counts counts, long delivered) {
        expect(counts, "requests asked", counts.asked(), counts.answered() + counts.failed());
        expect(
                counts,
                "acknowledged packets accepted",
                counts.delivery().accepted(),
                counts.delivery().acknowledged());
        expect(
                counts,
                "acknowledged packets accepted and arrived",
                counts.delivery().accepted(),
                delivered);
        expect(counts, "packets of bursts", (counts.bursts() - counts.burstsLost()) * perSecond, counts.burstPackets());
    }

    private void expect(SoakLoad.Counts counts, String what, long in, long came) {
        if (in != came) {
            violations.add(counts.link() + ": " + what + ": " + in + " in, " + came + " out");
        }
    }

    private void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                violations.add("not so after " + LIMIT + ": " + what);
                return;
            }
            Mono.delay(POLL).block();
        }
    }

    private boolean show(List<SoakLoad.Counts> counts, long broadcasts, List<Drift> drifts) {
        out.println();
        out.println("| link | requests | answered | failed, reported | acknowledged packets | sent again | arrived once"
                + " | bursts | of them lost, reported | one-way packets | streams | failed, reported |");
        out.println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        for (SoakLoad.Counts count : counts) {
            out.printf(
                    Locale.ROOT,
                    "| %s | %,d | %,d | %,d | %,d | %,d | %,d | %,d | %,d | %,d | %,d | %,d |%n",
                    count.link(),
                    count.asked(),
                    count.answered(),
                    count.failed(),
                    count.delivery().accepted(),
                    count.delivery().resent(),
                    count.delivery().acknowledged(),
                    count.bursts(),
                    count.burstsLost(),
                    count.burstPackets(),
                    count.streams(),
                    count.streamsFailed());
        }
        out.println();
        if (drifts.isEmpty()) {
            out.println("too few lines to judge drift: a longer run, or a shorter --every");
        } else {
            out.println("| figure | first third | last third | limit | |");
            out.println("|---|---:|---:|---:|---|");
            drifts.forEach(drift -> out.println(drift.row()));
        }
        out.println();
        violations.first().forEach(violation -> out.println("violation: " + violation));
        boolean well = violations.count() == 0 && drifts.stream().noneMatch(Drift::isDrift);
        out.printf(
                Locale.ROOT,
                "%,d faults, %,d broadcasts, %,d violations: %s%n",
                faults.sum(),
                broadcasts,
                violations.count(),
                well ? (drifts.isEmpty() ? "nothing is lost" : "nothing drifted, nothing is lost") : "FAILED");
        out.flush();
        return well;
    }
}
