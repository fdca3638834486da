package io.msgtrans.reactive.diagnostics;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.diagnostics.Finding.Cause;
import io.msgtrans.reactive.diagnostics.Finding.Severity;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.ProcessProbe;
import io.msgtrans.reactive.monitor.ProcessStats;
import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Looks at a server while it works, and says why it is slow. A healthy one gets no finding.
 *
 * <pre>{@code
 * Diagnosis.of(monitor, Duration.ofSeconds(3)).subscribe(findings -> findings.forEach(System.out::println))
 * }</pre>
 *
 * <p>Every 20 ms it asks each event loop for a sign of life and looks which threads wait for locks, every 100 ms how the sessions
 * stand; in between the machine's counters run. The look costs some milliseconds of processor time per second.
 */
public final class Diagnosis {

    private static final Duration LOOK_EVERY = Duration.ofMillis(20);
    private static final int SESSIONS_EVERY = 5;
    private static final int PERCENT = 100;

    private static final double SATURATED = 0.9;
    private static final double STOLEN = 0.1;
    private static final int LATE_LOOKS = 3;
    private static final double BUSY_LOOP = 0.7;
    private static final double UNBALANCED = 3;
    private static final double LOCK_WAITERS = 0.5;
    private static final double GC_SHARE = 0.1;
    private static final double LOSS = 0.01;
    private static final long LEAST_LOSS = 5;
    private static final double PUSHES_PER_SECOND = 1000;
    private static final double JOINED_WELL = 2;
    private static final double DIRECT_GROWTH_PER_SECOND = 1 << 20;
    private static final long LEAST_DIRECT_GROWTH = 4 << 20;

    private final Monitor monitor;
    private final Duration time;
    private final List<Finding> findings = new ArrayList<>();

    private final List<LoopProbe> loops;
    private final LockSampler locks = new LockSampler();
    private final SlowSessions sessions;
    private final LinkProbe links;
    private final ThreadLoad threads = new ThreadLoad();
    private final ProcessProbe process = new ProcessProbe();
    private final List<Long> direct = new ArrayList<>();

    private Diagnosis(Monitor monitor, Duration time) {
        this.monitor = monitor;
        this.time = time;
        this.loops = monitor.server().eventLoops().stream().map(LoopProbe::new).toList();
        this.sessions = new SlowSessions(monitor.server().sessions());
        this.links = new LinkProbe(monitor.server().sessions());
    }

    /**
     * Looks for so long, 500 ms..1 min, for each subscriber, and gives what it found, worst first.
     *
     * @throws IllegalArgumentException for another time
     */
    public static Mono<List<Finding>> of(Monitor monitor, Duration time) {
        OptionRange.check("time", time, Duration.ofMillis(500), Duration.ofMinutes(1), "500 ms..1 min");
        return Mono.using(
                () -> Schedulers.newBoundedElastic(1, 1, "msgtrans-diagnosis", 60, true), // may wait for a moment
                thread -> Mono.fromCallable(() -> new Diagnosis(monitor, time).run())
                        .subscribeOn(thread),
                Scheduler::dispose);
    }

    private List<Finding> run() {
        process.look();
        long end = System.nanoTime() + time.toNanos();
        for (int look = 0; System.nanoTime() < end && !Thread.currentThread().isInterrupted(); look++) {
            loops.forEach(LoopProbe::look);
            locks.look();
            if (look % SESSIONS_EVERY == 0) {
                sessions.look();
                direct.add(ProcessProbe.directUsed());
            }
            LockSupport.parkNanos(LOOK_EVERY.toNanos());
        }
        judge();
        findings.sort(Comparator.comparing(Finding::severity).reversed());
        return List.copyOf(findings);
    }

    private void judge() {
        List<ThreadLoad.Use> uses = threads.uses();
        ProcessStats now = process.look();
        blockedLoops();
        lockContention();
        cpu(now, uses);
        balance(now, uses);
        collections(now, uses);
        directMemory();
        network();
        slowPeers();
        slowHandlers();
        smallWrites();
        monitor.leaks()
                .forEach(leak ->
                        found(Cause.LEAK, Severity.WARNING, leak.message(), List.of(leak.what()), "see the summary"));
    }

    private void found(Cause cause, Severity severity, String summary, List<String> evidence, String advice) {
        findings.add(new Finding(cause, severity, summary, evidence, advice));
    }

    // ---- threads ----

    private void blockedLoops() {
        for (LoopProbe loop : loops) {
            String place = loop.place();
            if (loop.late() < LATE_LOOKS || place == null) {
                continue;
            }
            found(
                    Cause.EVENT_LOOP_BLOCKED,
                    Severity.CRITICAL,
                    text("%s did not answer for %d ms", loop.threadName(), loop.longestMillis()),
                    List.of("it was at " + place, text("late in %d looks, asked %d times", loop.late(), loop.asked())),
                    "move what blocks or computes to Workers, or behind publishOn(Schedulers.boundedElastic())");
        }
    }

    private void lockContention() {
        if (locks.waiting() < LOCK_WAITERS) {
            return;
        }
        List<String> evidence = new ArrayList<>();
        for (LockSampler.Contended lock : locks.most()) {
            evidence.add(text(
                    "%s: %.1f threads wait at a time, mostly held by %s; for example %s",
                    lock.lock(), locks.waiting(lock), lock.owner(), lock.place()));
        }
        found(
                Cause.LOCK_CONTENTION,
                Severity.WARNING,
                text("%.1f threads wait for a lock at any time", locks.waiting()),
                evidence,
                "hold the lock for less, split it, or give each event loop its own state");
    }

    private void cpu(ProcessStats now, List<ThreadLoad.Use> uses) {
        List<String> top = new ArrayList<>();
        for (ThreadLoad.Use use : ThreadLoad.most(uses, ThreadLoad.Use::cpu)) {
            top.add(text("%s uses %.0f %% of a processor", use.name(), use.cpu() * PERCENT));
        }
        if (now.stolen() > STOLEN) {
            found(
                    Cause.CPU_STOLEN,
                    Severity.WARNING,
                    text("the host gives %.0f %% of this machine's processors to others", now.stolen() * PERCENT),
                    top,
                    "move to a host with fewer neighbours, or to processors of your own");
        }
        if (now.machineCpu() < SATURATED) {
            return;
        }
        String busy = text(
                "the machine is %.0f %% busy, this process uses %.0f %%",
                now.machineCpu() * PERCENT, now.cpu() * PERCENT);
        if (now.cpu() > now.machineCpu() / 2) {
            found(
                    Cause.CPU_SATURATED,
                    Severity.WARNING,
                    busy,
                    top,
                    "profile what the busiest threads do (JFR, async-profiler), batch, or add a machine");
        } else {
            found(
                    Cause.CPU_STOLEN,
                    Severity.WARNING,
                    busy,
                    top,
                    "find out what else runs here, and give it other processors");
        }
    }

    private void balance(ProcessStats now, List<ThreadLoad.Use> uses) {
        List<ThreadLoad.Use> own = uses.stream()
                .filter(use -> loops.stream().anyMatch(loop -> loop.threadId() == use.id()))
                .sorted(Comparator.comparingDouble(ThreadLoad.Use::cpu).reversed())
                .toList();
        if (own.size() < 2) {
            return;
        }
        double others =
                own.stream().skip(1).mapToDouble(ThreadLoad.Use::cpu).average().orElse(0);
        double busy = BUSY_LOOP * (1 - now.stolen()); // of what a processor was ours
        if (own.get(0).cpu() > busy && own.get(0).cpu() > UNBALANCED * others) {
            found(
                    Cause.EVENT_LOOPS_UNBALANCED,
                    Severity.WARNING,
                    text(
                            "%s is %.0f %% busy, the others %.0f %% on average",
                            own.get(0).name(), own.get(0).cpu() * PERCENT, others * PERCENT),
                    own.stream()
                            .map(use -> text("%s: %.0f %%", use.name(), use.cpu() * PERCENT))
                            .toList(),
                    "spread the load over more connections; connections stay on the event loop that they began on");
        }
    }

    // ---- memory ----

    private void collections(ProcessStats now, List<ThreadLoad.Use> uses) {
        if (now.gcShare() < GC_SHARE) {
            return;
        }
        List<String> evidence = new ArrayList<>();
        evidence.add(text(
                "%.0f MiB/s are allocated; the heap has %d of %d MiB after the last collection",
                now.allocatedPerSecond() / (1 << 20), now.heapAfterGc() >> 20, now.heapMax() >> 20));
        for (ThreadLoad.Use use : ThreadLoad.most(uses, ThreadLoad.Use::allocatedPerSecond)) {
            evidence.add(text("%s allocates %.0f MiB/s", use.name(), use.allocatedPerSecond() / (1 << 20)));
        }
        found(
                Cause.GC_PRESSURE,
                Severity.WARNING,
                text("collections pause the process for %.0f %% of the time", now.gcShare() * PERCENT),
                evidence,
                "give it more heap (-Xmx), find what allocates (JFR, allocation profile), or use generational ZGC");
    }

    private void directMemory() {
        int rises = 0;
        for (int i = 1; i < direct.size(); i++) {
            rises += direct.get(i) > direct.get(i - 1) ? 1 : 0;
            if (direct.get(i) < direct.get(i - 1)) {
                return; // it comes back
            }
        }
        long growth = direct.isEmpty() ? 0 : direct.get(direct.size() - 1) - direct.get(0);
        double perSecond = growth / (time.toNanos() / (double) TimeUnit.SECONDS.toNanos(1));
        if (rises >= LATE_LOOKS && growth > LEAST_DIRECT_GROWTH && perSecond > DIRECT_GROWTH_PER_SECOND) {
            found(
                    Cause.DIRECT_MEMORY_GROWTH,
                    Severity.CRITICAL,
                    text("direct memory grows by %.1f MiB/s and gives nothing back", perSecond / (1 << 20)),
                    List.of(
                            text(
                                    "%d MiB at the beginning, %d at the end",
                                    direct.get(0) >> 20, direct.get(direct.size() - 1) >> 20),
                            text("%d steps up, none down", rises)),
                    "run with -Dio.netty.leakDetection.level=paranoid; owned and borrowed packets must be released");
        }
    }

    // ---- connections ----

    private void network() {
        LinkProbe.Loss loss = links.loss();
        if (loss.retransmitted() >= LEAST_LOSS && loss.retransmitted() > LOSS * loss.sent()) {
            found(
                    Cause.NETWORK_LOSS,
                    Severity.WARNING,
                    text(
                            "%d of about %d packets of the network were sent again",
                            loss.retransmitted(), Math.max(loss.sent(), loss.retransmitted())),
                    List.of(
                            loss.worst(),
                            text("longest round trip %d us", loss.rtt().toNanos() / 1000)),
                    "look at the network; for many small messages over a lossy one, QUIC lanes do not wait for each other");
        }
    }

    private void slowPeers() {
        List<SlowSessions.Watched> slow = sessions.mostly(SlowSessions.Watched::full);
        if (!slow.isEmpty()) {
            found(
                    Cause.SLOW_PEERS,
                    Severity.WARNING,
                    text("%d sessions' peers do not read what is sent to them", slow.size()),
                    examples(slow, state -> state.last().queuedBytes() + " bytes wait"),
                    "send less (onBackpressureLatest, sample), conflate in groups (SlowMembers), or disconnect them");
        }
    }

    private void slowHandlers() {
        List<SlowSessions.Watched> slow = sessions.mostly(SlowSessions.Watched::stalled);
        if (!slow.isEmpty()) {
            found(
                    Cause.SLOW_HANDLERS,
                    Severity.WARNING,
                    text("the handlers of %d sessions do not ask for what has arrived", slow.size()),
                    examples(slow, state -> state.last().waitingPackets() + " packets wait"),
                    "handle more at a time (flatMap instead of concatMap, more Workers), or refuse work (AdmissionOptions)");
        }
    }

    private void smallWrites() {
        double seconds = time.toNanos() / (double) TimeUnit.SECONDS.toNanos(1);
        List<SlowSessions.Watched> single = sessions.all().stream()
                .filter(state -> state.pushed() / seconds > PUSHES_PER_SECOND
                        && state.pushed() * 2 > state.sent()
                        && state.writes() > 0
                        && (double) state.sent() / state.writes() < JOINED_WELL)
                .sorted(Comparator.comparingLong(SlowSessions.Watched::writes).reversed())
                .toList();
        if (!single.isEmpty()) {
            found(
                    Cause.SMALL_WRITES,
                    Severity.INFO,
                    text("%d sessions write their packets one by one", single.size()),
                    examples(
                            single,
                            state -> text(
                                    "%.0f writes per second with %.1f packets each",
                                    state.writes() / seconds, (double) state.sent() / state.writes())),
                    "set SessionOptions.writeDelay to a part of the latency that you can spare, for example 500 us");
        }
    }

    private static List<String> examples(List<SlowSessions.Watched> some, Function<SlowSessions.Watched, String> what) {
        List<String> lines = new ArrayList<>();
        for (SlowSessions.Watched state : some.subList(0, Math.min(3, some.size()))) {
            Session session = state.session();
            lines.add(session + ": " + what.apply(state));
        }
        return lines;
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
