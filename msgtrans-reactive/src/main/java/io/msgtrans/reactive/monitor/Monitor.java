package io.msgtrans.reactive.monitor;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ServerStats;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.monitor.History.Resolution;
import io.msgtrans.reactive.monitor.MonitorSnapshot.ProtocolRates;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Looks at a server once a second, keeps what it sees for a day, and says what is unusual.
 *
 * <pre>{@code
 * Monitor monitor = Monitor.of(server, MonitorOptions.DEFAULTS.alertP99(Duration.ofMillis(5)));
 * monitor.alerts().subscribe(alert -> page(alert.message()));
 * }</pre>
 *
 * <p>Runs on a daemon thread of its own, {@code msgtrans-monitor}, on which its publishers signal; a subscriber that is too slow
 * misses signals. Ends with {@link #dispose()}, or with the server.
 */
public final class Monitor implements Disposable {

    private static final Logger log = Loggers.getLogger(Monitor.class);

    private static final int USUAL_SECONDS = 300;
    private static final int LEAST_VALUES = 30;
    private static final int ALERTS_KEPT = 100;
    private static final double OUTLIER = 3.5;
    private static final double LEAST_DEVIATION = 0.1;
    private static final List<Figure> JUDGED = List.of(
            Figure.PACKETS_IN,
            Figure.PACKETS_OUT,
            Figure.ANSWER_P99,
            Figure.ERROR_RATE,
            Figure.SESSIONS,
            Figure.QUEUED_BYTES,
            Figure.CPU,
            Figure.GC);
    /** Below these, being far from usual means nothing. */
    private static final Map<Figure, Double> NEGLIGIBLE = Map.of(
            Figure.PACKETS_IN, 100.0,
            Figure.PACKETS_OUT, 100.0,
            Figure.ANSWER_P99, 200.0,
            Figure.ERROR_RATE, 0.001,
            Figure.SESSIONS, 10.0,
            Figure.QUEUED_BYTES, 65_536.0,
            Figure.CPU, 0.1,
            Figure.GC, 0.02);

    private final BoundServer server;
    private final MonitorOptions options;
    private final Scheduler scheduler = Schedulers.newSingle("msgtrans-monitor", true);
    private final Latencies.Reader answers;
    private final Latencies.Reader requests;
    private final @Nullable BufferWatch buffers;
    private final History history = new History();
    private final LeakWatch leakWatch;
    private final List<AlertState> alertStates;
    // Subscribers get these behind a queue: one that disposes this monitor in onNext would else be completed in the
    // middle of it.
    private final Sinks.Many<MonitorSnapshot> snapshots =
            Sinks.many().multicast().directBestEffort();
    private final Sinks.Many<Alert> alerts = Sinks.many().multicast().directBestEffort();
    private final AtomicBoolean disposed = new AtomicBoolean();

    // Monitor thread only, but for the last two.
    private final ProcessProbe process = new ProcessProbe();
    private ServerStats last;
    private long lastNanos = System.nanoTime();
    private volatile @Nullable MonitorSnapshot snapshot;
    private volatile List<Alert> active = List.of();

    private Monitor(BoundServer server, MonitorOptions options) {
        this.server = server;
        this.options = options;
        this.answers = server.timings().answers().reader();
        this.requests = server.timings().requests().reader();
        this.buffers = options.watchBuffers() ? BufferWatch.start() : null;
        server.timings().measureAllUpTo(options.measureAllUpTo());
        this.leakWatch = new LeakWatch(options.leakHeapShare(), options.interval());
        if (options.watchDroppedBuffers()) {
            LeakWatch.listen();
        }
        this.last = server.stats();
        this.alertStates = options.rules().stream()
                .map(rule -> new AlertState(
                        rule,
                        options.alertAfter().toMillis(),
                        options.clearAfter().toMillis()))
                .toList();
    }

    /** A monitor with the defaults. */
    public static Monitor of(BoundServer server) {
        return of(server, MonitorOptions.DEFAULTS);
    }

    /** A monitor that begins to look now. */
    public static Monitor of(BoundServer server, MonitorOptions options) {
        Monitor monitor = new Monitor(server, options);
        long millis = options.interval().toMillis();
        monitor.scheduler.schedulePeriodically(monitor::look, millis, millis, TimeUnit.MILLISECONDS);
        var unused = server.onDispose().doFinally(signal -> monitor.dispose()).subscribe();
        return monitor;
    }

    private void look() {
        try {
            MonitorSnapshot now = take();
            snapshot = now;
            history.add(now);
            judge(now);
            snapshots.tryEmitNext(now);
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            log.warn("the monitor could not look", thrown); // once more at the next interval
        } finally {
            if (disposed.get()) {
                complete();
            }
        }
    }

    private MonitorSnapshot take() {
        ServerStats now = server.stats();
        long nanos = System.nanoTime();
        double seconds = Math.max(1e-3, (nanos - lastNanos) / (double) TimeUnit.SECONDS.toNanos(1));
        ServerStats before = last;
        last = now;
        lastNanos = nanos;
        SessionStats old = before.traffic();
        SessionStats traffic = now.traffic();
        Map<String, ProtocolRates> protocols = new TreeMap<>();
        now.protocols()
                .forEach((scheme, protocol) -> protocols.put(
                        scheme, rates(protocol, before.protocol(scheme).traffic(), seconds)));
        long asked = traffic.requestsReceived() - old.requestsReceived() + traffic.requestsSent() - old.requestsSent();
        long timedOut = traffic.requestsTimedOut() - old.requestsTimedOut();
        long errors = traffic.errorAnswers()
                - old.errorAnswers()
                + traffic.requestsFailed()
                - old.requestsFailed()
                + timedOut;
        long writes = traffic.writes() - old.writes();
        long sent = traffic.packetsSent() - old.packetsSent();
        return new MonitorSnapshot(
                System.currentTimeMillis(),
                seconds,
                (traffic.packetsReceived() - old.packetsReceived()) / seconds,
                sent / seconds,
                (traffic.bytesReceived() - old.bytesReceived()) / seconds,
                (traffic.bytesSent() - old.bytesSent()) / seconds,
                (traffic.requestsReceived() - old.requestsReceived()) / seconds,
                LatencySummary.of(answers.take()),
                LatencySummary.of(requests.take()),
                share(errors, asked),
                share(timedOut, traffic.requestsSent() - old.requestsSent()),
                (traffic.packetsLost() - old.packetsLost()) / seconds,
                (dropped(traffic) - dropped(old)) / seconds,
                writes == 0 ? 0 : (double) sent / writes,
                now.sessions(),
                (now.opened() - before.opened()) / seconds,
                (now.handshakesFailed() + now.refused() - before.handshakesFailed() - before.refused()) / seconds,
                traffic.pendingRequests(),
                traffic.queuedBytes(),
                traffic.waitingPackets(),
                traffic.full(),
                traffic.stalled(),
                buffers == null ? -1 : buffers.hitRate(),
                process.look(),
                protocols);
    }

    private static ProtocolRates rates(ServerStats.Protocol now, SessionStats old, double seconds) {
        SessionStats traffic = now.traffic();
        return new ProtocolRates(
                now.sessions(),
                (traffic.packetsReceived() - old.packetsReceived()) / seconds,
                (traffic.packetsSent() - old.packetsSent()) / seconds,
                (traffic.bytesReceived() - old.bytesReceived()) / seconds,
                (traffic.bytesSent() - old.bytesSent()) / seconds);
    }

    private static long dropped(SessionStats traffic) {
        return traffic.packetsDiscarded()
                + traffic.packetsRefused()
                + traffic.unreliableDropped()
                + traffic.payloadErrors();
    }

    private static double share(long part, long whole) {
        return part <= 0 ? 0 : Math.min(1, (double) part / Math.max(part, whole));
    }

    // ---- judgement ----

    private void judge(MonitorSnapshot now) {
        List<Alert> raised = new ArrayList<>();
        List<Alert> changes = new ArrayList<>();
        for (AlertState state : alertStates) {
            Alert change = state.next(now);
            if (change != null) {
                changes.add(change);
            }
            Alert present = state.raised();
            if (present != null) {
                raised.add(present);
            }
        }
        active = List.copyOf(raised); // before anybody is told, who may ask
        changes.forEach(this::tell);
    }

    private void tell(Alert alert) {
        if (alert.raised()) {
            log.warn("alert: {}", alert.message());
        } else {
            log.info("alert cleared: {}", alert.message());
        }
        try {
            options.onAlert().accept(alert);
        } catch (RuntimeException thrown) {
            log.warn("onAlert failed", thrown);
        }
        alerts.tryEmitNext(alert);
    }

    /** What is far from what it was in the last five minutes; nothing in the first half minute. */
    public List<Anomaly> anomalies() {
        MonitorSnapshot now = snapshot;
        List<Anomaly> found = new ArrayList<>();
        for (Figure figure : now == null ? List.<Figure>of() : JUDGED) {
            double[] values = history.last(figure, Resolution.FINE, USUAL_SECONDS);
            if (values.length < LEAST_VALUES) {
                continue;
            }
            double value = values[values.length - 1];
            double median = RobustStatistics.median(values);
            double negligible = Objects.requireNonNull(NEGLIGIBLE.get(figure));
            double score = RobustStatistics.score(
                    value,
                    median,
                    RobustStatistics.deviation(values, median),
                    LEAST_DEVIATION * Math.max(Math.abs(median), negligible));
            if (Math.abs(score) > OUTLIER && Math.max(value, median) > negligible) {
                found.add(new Anomaly(figure, value, median, score));
            }
        }
        return found;
    }

    /** Where each figure went in the last five minutes. */
    public List<Trend> trends() {
        List<Trend> found = new ArrayList<>();
        for (Figure figure : Figure.values()) {
            double[] values = history.last(figure, Resolution.MIDDLE, USUAL_SECONDS / 10);
            if (values.length < LEAST_VALUES / 3) {
                continue;
            }
            double slope = RobustStatistics.slope(values)
                    * 60
                    / (10 * options.interval().toNanos() / 1e9);
            double median = RobustStatistics.median(values);
            found.add(new Trend(figure, slope, median == 0 ? 0 : slope / median, RobustStatistics.trend(values)));
        }
        return found;
    }

    /** What grows and does not come back, over the last ten minutes; nothing in the first five. */
    public List<Leak> leaks() {
        MonitorSnapshot now = snapshot;
        return now == null ? List.of() : leakWatch.leaks(history, now);
    }

    // ---- what users see ----

    /** The server that it looks at. */
    public BoundServer server() {
        return server;
    }

    /** The last look, or {@code null} before the first. */
    public @Nullable MonitorSnapshot snapshot() {
        return snapshot;
    }

    /** Each look from the subscription on; a slow subscriber gets the latest. */
    public Flux<MonitorSnapshot> snapshots() {
        return snapshots.asFlux().onBackpressureLatest();
    }

    /** What it saw. */
    public History history() {
        return history;
    }

    /** What the allocator does, when buffers are watched ({@link MonitorOptions#watchBuffers}), or {@code null}. */
    public BufferWatch.@Nullable Table buffers() {
        return buffers == null ? null : buffers.table();
    }

    /** Alerts that are raised or cleared from the subscription on; a slow subscriber gets the last hundred. */
    public Flux<Alert> alerts() {
        return alerts.asFlux().onBackpressureBuffer(ALERTS_KEPT, BufferOverflowStrategy.DROP_OLDEST);
    }

    /** The alerts that are raised now. */
    public List<Alert> activeAlerts() {
        return active;
    }

    @Override
    public void dispose() {
        if (disposed.compareAndSet(false, true)) {
            scheduler.dispose();
            answers.close();
            requests.close();
            if (buffers != null) {
                buffers.close();
            }
            complete();
        }
    }

    /** Called by who disposes, and again by a look that was signalled meanwhile: it kept the first from completing. */
    private void complete() {
        snapshots.tryEmitComplete();
        alerts.tryEmitComplete();
    }

    @Override
    public boolean isDisposed() {
        return disposed.get();
    }
}
