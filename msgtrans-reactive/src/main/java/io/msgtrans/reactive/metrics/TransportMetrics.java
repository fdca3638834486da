package io.msgtrans.reactive.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ClientStats;
import io.msgtrans.reactive.ServerStats;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerStats;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupStats;
import io.msgtrans.reactive.kafka.KafkaStats;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import io.msgtrans.reactive.monitor.Timings;
import io.msgtrans.reactive.operator.MpmcChannel;
import io.msgtrans.reactive.pool.PoolStats;
import io.msgtrans.reactive.pool.SessionPool;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import reactor.core.Disposable;

/**
 * Binds what is there to a registry.
 *
 * <pre>{@code
 * TransportMetrics.to(registry).server("quotes", server).balancer("ledger", ledger)
 * }</pre>
 *
 * <p>Meters read the counters that sessions, pools and balancers keep in any case, at most every 100 ms: a packet costs nothing more
 * with a registry than without. Only times of requests are measured for it, of one request in 16 where there are many. Tags are
 * {@code name}, as given here, {@code protocol}, and some with a few fixed values: no address, no session.
 *
 * <p>Any thread may call. Meters keep what they measure reachable until {@link #dispose()}.
 */
public final class TransportMetrics implements Disposable {

    private static final String NAME = "name";

    private final MeterRegistry registry;
    private final List<Meter> meters = new CopyOnWriteArrayList<>();
    private final List<LatencyMeters> times = new CopyOnWriteArrayList<>();
    private volatile boolean disposed;

    private TransportMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Meters in a registry. */
    public static TransportMetrics to(MeterRegistry registry) {
        return new TransportMetrics(registry);
    }

    /** A server, with the sum over all its sessions, by protocol; times of answers, requests and handshakes are measured from now on. */
    public TransportMetrics server(String name, BoundServer server) {
        Tags tags = Tags.of(NAME, name);
        Snapshot<ServerStats> stats = new Snapshot<>(server::stats);
        Source<ServerStats> source = new Source<>("msgtrans.server.", tags, stats);
        source.counter(
                "connections.refused",
                "connections",
                "refused at accept by a limit, or not let in",
                ServerStats::refused);
        errors(source, ServerStats::traffic);
        source.with("error", "handshake").counter("errors", "errors", "by kind", ServerStats::handshakesFailed);
        source.with("error", "protocol").counter("errors", "errors", "by kind", ServerStats::protocolErrors);
        source.with("error", "handler").counter("errors", "errors", "by kind", ServerStats::handlersFailed);
        Set<String> schemes = new TreeSet<>();
        server.uris().forEach(uri -> schemes.add(uri.getScheme()));
        for (String scheme : schemes) {
            Source<ServerStats> protocol = source.with("protocol", scheme);
            protocol.gauge(
                    "sessions",
                    "sessions",
                    "open now",
                    now -> now.protocol(scheme).sessions());
            protocol.counter(
                    "sessions.opened",
                    "sessions",
                    "ever opened",
                    now -> now.protocol(scheme).opened());
            traffic(protocol, now -> now.protocol(scheme).traffic());
        }
        timings("msgtrans.server.", tags, server.timings());
        source.gauge(
                "eventloops",
                "threads",
                "that serve sessions",
                now -> server.eventLoops().size());
        source.gauge(
                "eventloop.tasks",
                "tasks",
                "in the longest queue of an event loop",
                now -> pendingTasks(server.eventLoops()));
        return this;
    }

    /** The longest queue of tasks. */
    private static long pendingTasks(Set<EventExecutor> loops) {
        return loops.stream()
                .mapToLong(loop -> loop instanceof SingleThreadEventExecutor known ? known.pendingTasks() : 0)
                .max()
                .orElse(0);
    }

    /** A client, with the sum over all sessions of it and of those derived from it; times are measured from now on. */
    public TransportMetrics client(String name, TransportClient client) {
        Tags tags = Tags.of(NAME, name);
        Source<ClientStats> source = new Source<>("msgtrans.client.", tags, new Snapshot<>(client::stats));
        source.gauge("sessions", "sessions", "open now", ClientStats::sessions);
        source.counter("sessions.opened", "sessions", "ever opened", ClientStats::opened);
        source.with("error", "connect").counter("errors", "errors", "by kind", ClientStats::failed);
        errors(source, ClientStats::traffic);
        traffic(source, ClientStats::traffic);
        timings("msgtrans.client.", tags, client.timings());
        return this;
    }

    /** One session of importance, under a name that the caller gives; its meters stay until {@link #dispose()}. */
    public TransportMetrics session(String name, Session session) {
        Source<SessionStats> source =
                new Source<>("msgtrans.session.", Tags.of(NAME, name), new Snapshot<>(session::stats));
        errors(source, stats -> stats);
        traffic(source, stats -> stats);
        return this;
    }

    /** Netty's memory, of an allocator: {@code ByteBufAllocator.DEFAULT} unless something else was chosen. */
    public TransportMetrics buffers(String name, ByteBufAllocator allocator) {
        if (!(allocator instanceof ByteBufAllocatorMetricProvider known)) {
            throw new IllegalArgumentException(allocator + " tells nothing of itself");
        }
        Source<ByteBufAllocatorMetric> source =
                new Source<>("msgtrans.buffers.", Tags.of(NAME, name), new Snapshot<>(known::metric));
        source.with("memory", "direct")
                .gauge("used", "bytes", "in use by the allocator", ByteBufAllocatorMetric::usedDirectMemory);
        source.with("memory", "heap")
                .gauge("used", "bytes", "in use by the allocator", ByteBufAllocatorMetric::usedHeapMemory);
        return this;
    }

    /** What a monitor finds out by itself: how often buffers need new memory, and alerts. */
    public TransportMetrics monitor(String name, Monitor monitor) {
        Tags tags = Tags.of(NAME, name);
        add(Gauge.builder("msgtrans.buffers.hit.rate", monitor, TransportMetrics::hitRate)
                .tags(tags)
                .baseUnit("share")
                .description("of buffers that needed no new memory; not a number while unknown")
                .register(registry));
        add(Gauge.builder("msgtrans.alerts", monitor, now -> now.activeAlerts().size())
                .tags(tags)
                .baseUnit("alerts")
                .description("raised now")
                .register(registry));
        return this;
    }

    private static double hitRate(Monitor monitor) {
        MonitorSnapshot now = monitor.snapshot();
        return now == null || now.bufferHitRate() < 0 ? Double.NaN : now.bufferHitRate();
    }

    private <T> void errors(Source<T> source, Function<T, SessionStats> traffic) {
        source.with("error", "timeout")
                .counter(
                        "errors",
                        "errors",
                        "by kind",
                        stats -> traffic.apply(stats).requestsTimedOut());
        source.with("error", "answered")
                .counter(
                        "errors",
                        "errors",
                        "by kind",
                        stats -> traffic.apply(stats).requestsFailed());
        source.with("error", "answer")
                .counter(
                        "errors",
                        "errors",
                        "by kind",
                        stats -> traffic.apply(stats).errorAnswers());
        source.with("error", "payload")
                .counter(
                        "errors",
                        "errors",
                        "by kind",
                        stats -> traffic.apply(stats).payloadErrors());
        source.with("error", "truncated")
                .counter(
                        "errors",
                        "errors",
                        "by kind",
                        stats -> traffic.apply(stats).truncated());
        source.with("error", "unmatched")
                .counter(
                        "errors",
                        "errors",
                        "by kind",
                        stats -> traffic.apply(stats).unmatchedResponses());
    }

    private <T> void traffic(Source<T> source, Function<T, SessionStats> traffic) {
        source.counter(
                "packets.received",
                "packets",
                "of every type",
                stats -> traffic.apply(stats).packetsReceived());
        source.counter(
                "packets.sent",
                "packets",
                "handed to the connection",
                stats -> traffic.apply(stats).packetsSent());
        source.counter(
                "bytes.received",
                "bytes",
                "frames included, TLS not",
                stats -> traffic.apply(stats).bytesReceived());
        source.counter(
                "bytes.sent",
                "bytes",
                "frames included, TLS not",
                stats -> traffic.apply(stats).bytesSent());
        source.counter(
                "writes",
                "writes",
                "flushes to sockets",
                stats -> traffic.apply(stats).writes());
        source.counter(
                "frames.ignored",
                "frames",
                "skipped by policy",
                stats -> traffic.apply(stats).ignoredFrames());
        source.with("reason", "lost")
                .counter(
                        "packets.dropped",
                        "packets",
                        "by reason",
                        stats -> traffic.apply(stats).packetsLost());
        source.with("reason", "discarded")
                .counter(
                        "packets.dropped",
                        "packets",
                        "by reason",
                        stats -> traffic.apply(stats).packetsDiscarded());
        source.with("reason", "refused")
                .counter(
                        "packets.dropped",
                        "packets",
                        "by reason",
                        stats -> traffic.apply(stats).packetsRefused());
        source.with("reason", "unreliable")
                .counter(
                        "packets.dropped",
                        "packets",
                        "by reason",
                        stats -> traffic.apply(stats).unreliableDropped());
        source.counter(
                "requests.received",
                "requests",
                "of peers, given to the application",
                stats -> traffic.apply(stats).requestsReceived());
        source.counter(
                "requests.sent",
                "requests",
                "to peers",
                stats -> traffic.apply(stats).requestsSent());
        source.gauge(
                "requests.pending",
                "requests",
                "sent to peers, without an answer yet",
                stats -> traffic.apply(stats).pendingRequests());
        source.gauge(
                "outbound.queued",
                "bytes",
                "wait for sockets",
                stats -> traffic.apply(stats).queuedBytes());
        source.gauge(
                "inbound.waiting",
                "packets",
                "wait for demand",
                stats -> traffic.apply(stats).waitingPackets());
        source.gauge(
                "outbound.full",
                "sessions",
                "whose socket takes no more now",
                stats -> traffic.apply(stats).full());
        source.gauge(
                "inbound.stalled",
                "sessions",
                "not read now for want of demand",
                stats -> traffic.apply(stats).stalled());
    }

    private void timings(String prefix, Tags tags, Timings timings) {
        times.add(new LatencyMeters(
                registry,
                prefix + "answer.time",
                "from the arrival of a request to its answer",
                tags,
                timings.answers(),
                this::add));
        times.add(new LatencyMeters(
                registry,
                prefix + "request.time",
                "from the sending of a request to its response",
                tags,
                timings.requests(),
                this::add));
        times.add(new LatencyMeters(
                registry,
                prefix + "handshake.time",
                "from an accepted, or asked for, connection to a session",
                tags,
                timings.handshakes(),
                this::add));
    }

    private void add(Meter meter) {
        meters.add(meter);
    }

    /** A pool of sessions. */
    public TransportMetrics pool(String name, SessionPool pool) {
        Snapshot<PoolStats> stats = new Snapshot<>(pool::stats);
        Tags tags = Tags.of(NAME, name);
        Source<PoolStats> source = new Source<>("msgtrans.pool.", tags, stats);
        source.with("state", "idle").gauge("sessions", "sessions", "by state", PoolStats::idle);
        source.with("state", "exclusive").gauge("sessions", "sessions", "by state", PoolStats::exclusive);
        source.with("state", "shared").gauge("sessions", "sessions", "by state", PoolStats::shared);
        source.gauge("calls", "calls", "in flight on shared sessions", PoolStats::sharedCalls);
        source.gauge("waiting", "callers", "wait for a session", PoolStats::waiting);
        source.with("result", "hit")
                .counter("acquisitions", "callers", "hit: a session was open; miss: had to wait", PoolStats::hits);
        source.with("result", "miss")
                .counter("acquisitions", "callers", "hit: a session was open; miss: had to wait", PoolStats::misses);
        source.counter("failures", "callers", "got no session", PoolStats::failed);
        source.counter("grown", "steps", "how often it grew", PoolStats::grown);
        source.counter("shrunk", "steps", "how often it shrank", PoolStats::shrunk);
        source.counter("evicted", "sessions", "ill, or not needed", PoolStats::evicted);
        return this;
    }

    /** A balancer, with the sums over all endpoints that it has or had. */
    public TransportMetrics balancer(String name, Balancer balancer) {
        Source<BalancerStats> source =
                new Source<>("msgtrans.balancer.", Tags.of(NAME, name), new Snapshot<>(balancer::stats));
        source.with("state", "available")
                .gauge("endpoints", "endpoints", "available; out: ejected or draining", BalancerStats::available);
        source.with("state", "out")
                .gauge("endpoints", "endpoints", "available; out: ejected or draining", BalancerStats::out);
        source.gauge("attempts.active", "attempts", "in flight", BalancerStats::outstanding);
        source.counter("attempts", "attempts", "hedges included", BalancerStats::attempts);
        source.counter("retries", "attempts", "followed a failed one", BalancerStats::retries);
        source.counter("hedges", "attempts", "made beside a slow one", BalancerStats::hedges);
        source.counter("failures", "attempts", "failed, but for answers of the peer", BalancerStats::failures);
        source.counter("error.answers", "attempts", "answered with an error", BalancerStats::errorAnswers);
        source.counter("ejections", "endpoints", "ejected, or found to be draining", BalancerStats::ejections);
        return this;
    }

    /** A group. */
    public TransportMetrics group(String name, Group group) {
        Source<GroupStats> source = new Source<>("msgtrans.group.", Tags.of(NAME, name), new Snapshot<>(group::stats));
        source.gauge("members", "sessions", "present", GroupStats::members);
        source.gauge("backlog", "packets", "wait for members' sockets", GroupStats::backlog);
        source.counter("broadcasts", "packets", "taken by the group", GroupStats::broadcasts);
        source.counter(
                "packets.delivered", "packets", "to sockets or backlogs, over all members", GroupStats::delivered);
        source.counter("packets.dropped", "packets", "of full backlogs", GroupStats::dropped);
        source.counter("packets.conflated", "packets", "replaced by a newer one with their key", GroupStats::conflated);
        source.counter("members.disconnected", "sessions", "because their backlog was full", GroupStats::disconnected);
        return this;
    }

    /** A channel. */
    public TransportMetrics channel(String name, MpmcChannel<?> channel) {
        Source<MpmcChannel<?>> source =
                new Source<>("msgtrans.channel.", Tags.of(NAME, name), new Snapshot<>(() -> channel));
        source.gauge("items", "items", "in the queue", MpmcChannel::size);
        source.gauge("sends.waiting", "sends", "wait for room", MpmcChannel::waitingSends);
        source.counter("full", "offers", "answered FULL", MpmcChannel::fulls);
        return this;
    }

    /** An ingest, or a fan-out, by its {@code stats}. */
    public TransportMetrics kafka(String name, Supplier<KafkaStats> stats) {
        Source<KafkaStats> source = new Source<>("msgtrans.kafka.", Tags.of(NAME, name), new Snapshot<>(stats));
        source.counter("received", "records", "packets, or records, that came", KafkaStats::received);
        source.counter("completed", "records", "acknowledged by the brokers, or handled", KafkaStats::completed);
        source.counter("failed", "records", "not taken by the brokers in time, or dead letters", KafkaStats::failed);
        source.counter("refused", "records", "refused by the mapping, or tried again", KafkaStats::refused);
        source.counter("repeated", "records", "came again after they had been handled", KafkaStats::repeated);
        source.gauge("underway", "records", "none of these yet", KafkaStats::underWay);
        return this;
    }

    /** Meters with a common prefix and tags over one snapshot. */
    private final class Source<T> {
        private final String prefix;
        private final Tags tags;
        private final Snapshot<T> stats;

        Source(String prefix, Tags tags, Snapshot<T> stats) {
            this.prefix = prefix;
            this.tags = tags;
            this.stats = stats;
        }

        Source<T> with(String tag, String value) {
            return new Source<>(prefix, tags.and(tag, value), stats);
        }

        void gauge(String name, String unit, String description, ToLongFunction<T> figure) {
            add(Gauge.builder(prefix + name, () -> figure.applyAsLong(stats.get()))
                    .tags(tags)
                    .baseUnit(unit)
                    .description(description)
                    .register(registry));
        }

        void counter(String name, String unit, String description, ToLongFunction<T> figure) {
            ToDoubleFunction<Snapshot<T>> read = snapshot -> figure.applyAsLong(snapshot.get());
            add(FunctionCounter.builder(prefix + name, stats, read)
                    .tags(tags)
                    .baseUnit(unit)
                    .description(description)
                    .register(registry));
        }
    }

    /** Takes all meters out of the registry. */
    @Override
    public void dispose() {
        disposed = true;
        meters.forEach(registry::remove);
        meters.clear();
        times.forEach(LatencyMeters::close);
        times.clear();
    }

    @Override
    public boolean isDisposed() {
        return disposed;
    }
}
