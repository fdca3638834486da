package io.msgtrans.reactive.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ServerStats;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerStats;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupStats;
import io.msgtrans.reactive.operator.MpmcChannel;
import io.msgtrans.reactive.pool.PoolStats;
import io.msgtrans.reactive.pool.SessionPool;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
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
 * with a registry than without. The only tags are {@code name}, as given here, and {@code state} or {@code result} with a few
 * fixed values: no address, no session.
 *
 * <p>Any thread may call. Meters keep what they measure reachable until {@link #dispose()}.
 */
public final class TransportMetrics implements Disposable {

    private static final String NAME = "name";

    private final MeterRegistry registry;
    private final List<Meter> meters = new CopyOnWriteArrayList<>();
    private volatile boolean disposed;

    private TransportMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Meters in a registry. */
    public static TransportMetrics to(MeterRegistry registry) {
        return new TransportMetrics(registry);
    }

    /** A server, with the sum over all its sessions. */
    public TransportMetrics server(String name, BoundServer server) {
        Snapshot<ServerStats> stats = new Snapshot<>(server::stats);
        Source<ServerStats> source = new Source<>("msgtrans.server.", Tags.of(NAME, name), stats);
        source.gauge("sessions", "sessions", ServerStats::sessions);
        source.counter("sessions.opened", "sessions", ServerStats::opened);
        source.counter("connections.refused", "connections", ServerStats::refused);
        source.counter("handshakes.failed", "connections", ServerStats::handshakesFailed);
        source.counter("protocol.errors", "sessions", ServerStats::protocolErrors);
        traffic(source, ServerStats::traffic);
        return this;
    }

    private <T> void traffic(Source<T> source, Function<T, SessionStats> traffic) {
        source.counter(
                "packets.received", "packets", stats -> traffic.apply(stats).packetsReceived());
        source.counter("packets.sent", "packets", stats -> traffic.apply(stats).packetsSent());
        source.counter("packets.lost", "packets", stats -> traffic.apply(stats).packetsLost());
        source.counter(
                "packets.discarded", "packets", stats -> traffic.apply(stats).packetsDiscarded());
        source.counter(
                "packets.refused", "packets", stats -> traffic.apply(stats).packetsRefused());
        source.counter(
                "packets.unreliable.dropped",
                "packets",
                stats -> traffic.apply(stats).unreliableDropped());
        source.counter("bytes.received", "bytes", stats -> traffic.apply(stats).bytesReceived());
        source.counter("bytes.sent", "bytes", stats -> traffic.apply(stats).bytesSent());
        source.counter(
                "responses.unmatched", "packets", stats -> traffic.apply(stats).unmatchedResponses());
        source.counter(
                "payload.errors", "packets", stats -> traffic.apply(stats).payloadErrors());
        source.counter("frames.ignored", "frames", stats -> traffic.apply(stats).ignoredFrames());
        source.counter(
                "connections.truncated",
                "connections",
                stats -> traffic.apply(stats).truncated());
        source.gauge(
                "requests.pending", "requests", stats -> traffic.apply(stats).pendingRequests());
    }

    /** A pool of sessions. */
    public TransportMetrics pool(String name, SessionPool pool) {
        Snapshot<PoolStats> stats = new Snapshot<>(pool::stats);
        Tags tags = Tags.of(NAME, name);
        Source<PoolStats> source = new Source<>("msgtrans.pool.", tags, stats);
        source.with("state", "idle").gauge("sessions", "sessions", PoolStats::idle);
        source.with("state", "exclusive").gauge("sessions", "sessions", PoolStats::exclusive);
        source.with("state", "shared").gauge("sessions", "sessions", PoolStats::shared);
        source.gauge("calls", "calls", PoolStats::sharedCalls);
        source.gauge("waiting", "callers", PoolStats::waiting);
        source.with("result", "hit").counter("acquisitions", "callers", PoolStats::hits);
        source.with("result", "miss").counter("acquisitions", "callers", PoolStats::misses);
        source.counter("failures", "callers", PoolStats::failed);
        source.counter("grown", "steps", PoolStats::grown);
        source.counter("shrunk", "steps", PoolStats::shrunk);
        source.counter("evicted", "sessions", PoolStats::evicted);
        return this;
    }

    /** A balancer, with the sums over all endpoints that it has or had. */
    public TransportMetrics balancer(String name, Balancer balancer) {
        Source<BalancerStats> source =
                new Source<>("msgtrans.balancer.", Tags.of(NAME, name), new Snapshot<>(balancer::stats));
        source.with("state", "available").gauge("endpoints", "endpoints", BalancerStats::available);
        source.with("state", "out").gauge("endpoints", "endpoints", BalancerStats::out);
        source.gauge("attempts.active", "attempts", BalancerStats::outstanding);
        source.counter("attempts", "attempts", BalancerStats::attempts);
        source.counter("retries", "attempts", BalancerStats::retries);
        source.counter("hedges", "attempts", BalancerStats::hedges);
        source.counter("failures", "attempts", BalancerStats::failures);
        source.counter("error.answers", "attempts", BalancerStats::errorAnswers);
        source.counter("ejections", "endpoints", BalancerStats::ejections);
        return this;
    }

    /** A group. */
    public TransportMetrics group(String name, Group group) {
        Source<GroupStats> source = new Source<>("msgtrans.group.", Tags.of(NAME, name), new Snapshot<>(group::stats));
        source.gauge("members", "sessions", GroupStats::members);
        source.gauge("backlog", "packets", GroupStats::backlog);
        source.counter("broadcasts", "packets", GroupStats::broadcasts);
        source.counter("packets.delivered", "packets", GroupStats::delivered);
        source.counter("packets.dropped", "packets", GroupStats::dropped);
        source.counter("packets.conflated", "packets", GroupStats::conflated);
        source.counter("members.disconnected", "sessions", GroupStats::disconnected);
        return this;
    }

    /** A channel. */
    public TransportMetrics channel(String name, MpmcChannel<?> channel) {
        Source<MpmcChannel<?>> source =
                new Source<>("msgtrans.channel.", Tags.of(NAME, name), new Snapshot<>(() -> channel));
        source.gauge("items", "items", MpmcChannel::size);
        source.gauge("sends.waiting", "sends", MpmcChannel::waitingSends);
        source.counter("full", "offers", MpmcChannel::fulls);
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

        void gauge(String name, String unit, ToLongFunction<T> figure) {
            add(Gauge.builder(prefix + name, () -> figure.applyAsLong(stats.get()))
                    .tags(tags)
                    .baseUnit(unit)
                    .register(registry));
        }

        void counter(String name, String unit, ToLongFunction<T> figure) {
            ToDoubleFunction<Snapshot<T>> read = snapshot -> figure.applyAsLong(snapshot.get());
            add(FunctionCounter.builder(prefix + name, stats, read)
                    .tags(tags)
                    .baseUnit(unit)
                    .register(registry));
        }

        private void add(Meter meter) {
            meters.add(meter);
        }
    }

    /** Takes all meters out of the registry. */
    @Override
    public void dispose() {
        disposed = true;
        meters.forEach(registry::remove);
        meters.clear();
    }

    @Override
    public boolean isDisposed() {
        return disposed;
    }
}
