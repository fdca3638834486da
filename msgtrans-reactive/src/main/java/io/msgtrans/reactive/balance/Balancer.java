package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.AttemptsFailedException;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.balance.BalancerEvent.Kind;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;
import reactor.util.retry.Retry;

/**
 * Calls to a service that several endpoints offer.
 *
 * <pre>
 *   request --> zone, split, balancing --> node --> shared session --> answer
 *                      ^                     |
 *                      +-- tried again, if --+--> error --> error policy --> caller
 *                          that is allowed   +--> too many: ejected, probed, readmitted
 * </pre>
 *
 * <p><b>What is tried again</b>, on another endpoint where there is one, within {@link BalancerOptions#attempts}, {@link
 * BalancerOptions#timeout} and the retry budget: calls of {@link #requestIdempotent} after every error for which the error policy says
 * so, calls of {@link #request} only when they were surely not executed (no connection, or refused by a server that drains). The
 * error of a call that was tried more than once is an {@link AttemptsFailedException}.
 *
 * <p><b>Threads.</b> Answers are signalled on the session's event loop, errors also on {@code Schedulers.parallel()}.
 */
public final class Balancer implements Disposable {

    private static final Logger log = Loggers.getLogger(Balancer.class);
    private static final Duration CHECK_INTERVAL = Duration.ofMillis(100);
    /** Beyond a time-out that something else keeps. */
    static final Duration SLACK = Duration.ofMillis(100);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private static final int EVENTS_KEPT = 100;

    private final BalancerOptions options;
    private final RetryBudget budget;
    private final Sinks.Many<BalancerEvent> events = Sinks.many().multicast().directBestEffort();
    private final Disposable.Composite background = Disposables.composite();
    private final AtomicBoolean disposed = new AtomicBoolean();
    /** Emits when the first list of endpoints has come. */
    private final Sinks.Empty<Void> listed = Sinks.empty();

    /** Nodes, and those of them that get calls; replaced as a whole under the lock of this. */
    private volatile View view = new View(List.of(), List.of());

    private volatile Map<String, Double> split = Map.of();
    private final LongAdder retries = new LongAdder();
    private final LongAdder hedges = new LongAdder();
    // Of endpoints that are no longer here.
    private final LongAdder goneCalls = new LongAdder();
    private final LongAdder goneFailures = new LongAdder();
    private final LongAdder goneErrorAnswers = new LongAdder();
    private final LongAdder goneEjections = new LongAdder();

    private record View(List<Node> all, List<Node> available) {}

    private Balancer(BalancerOptions options) {
        this.options = options;
        this.budget = new RetryBudget(options.retryRatio(), options.retriesPerSecond(), System::nanoTime);
    }

    /**
     * A balancer over endpoints.
     *
     * @param endpoints lists of them, each replacing the one before; see {@link Endpoints}
     */
    public static Balancer of(Flux<List<Endpoint>> endpoints, BalancerOptions options) {
        Balancer balancer = new Balancer(options);
        balancer.background.add(endpoints.subscribe(
                balancer::replace, error -> log.warn("the list of endpoints ends, and stays as it is", error)));
        balancer.background.add(Flux.interval(CHECK_INTERVAL, Schedulers.parallel())
                .onBackpressureDrop()
                .subscribe(tick -> balancer.check()));
        return balancer;
    }

    // ---- calls ----

    /**
     * A request that must not run twice: it is tried again only when it surely did not run.
     *
     * @param packet neither owned nor borrowed, as its memory must outlive an attempt: see {@link Packet#compact()}
     */
    public Mono<Packet> request(Packet packet) {
        return call(packet, false);
    }

    /** A request that may run twice: it is tried again, and hedged, as the options say. */
    public Mono<Packet> requestIdempotent(Packet packet) {
        return call(packet, true);
    }

    /**
     * Uses a session of a chosen endpoint for each subscriber, until the publisher ends; for streams and one-way packets. Not
     * tried again.
     *
     * @param packet what balancing may look at
     */
    public <T> Flux<T> use(Packet packet, Function<? super Session, ? extends Publisher<T>> work) {
        return ready().thenMany(Flux.defer(() -> {
            BalancedCall call = new BalancedCall(this, packet, false);
            Node node = call.next();
            return call.watched(node, node.pool.share(work));
        }));
    }

    private Mono<Packet> call(Packet packet, boolean idempotent) {
        if (packet.isOwned() || packet.isBorrowed()) {
            throw new IllegalArgumentException(
                    "a request that may be tried again needs memory of its own: use compact()");
        }
        return Mono.defer(() -> {
            BalancedCall call = new BalancedCall(this, packet, idempotent);
            budget.deposit();
            return ready().then(Mono.defer(call::attemptAndHedge))
                    .retryWhen(Retry.from(failures -> failures.concatMap(failure -> call.again(failure.failure()))))
                    .timeout(options.timeout()
                            .plus(SLACK)
                            .plus(SLACK)) // for what attempts do not count: endpoints, pauses
                    .onErrorMap(TimeoutException.class, late -> call.outOfTime());
        });
    }

    /** When there are endpoints. */
    private Mono<Void> ready() {
        return listed.asMono();
    }

    BalancerOptions options() {
        return options;
    }

    RetryBudget budget() {
        return budget;
    }

    List<Node> nodes() {
        return view.all();
    }

    List<Node> available() {
        return view.available();
    }

    // ---- who gets it ----

    Node choose(Packet packet, List<Node> tried) {
        View now = view;
        if (now.all().isEmpty()) {
            throw new ConnectFailedException(URI.create("none:/"), "there is no endpoint", null);
        }
        List<Node> nodes = now.available();
        if (!tried.isEmpty()) {
            List<Node> others =
                    nodes.stream().filter(node -> !tried.contains(node)).toList();
            nodes = others.isEmpty() ? nodes : others;
        }
        if (nodes.isEmpty()) {
            nodes = now.all(); // all are out: any is better than none
        }
        nodes = ofGroup(inZone(nodes, now.all()));
        return nodes.size() == 1 ? nodes.get(0) : (Node) options.balancing().choose(nodes, packet);
    }

    private List<Node> inZone(List<Node> nodes, List<Node> all) {
        String zone = options.zone();
        if (zone.isEmpty()) {
            return nodes;
        }
        List<Node> near = nodes.stream()
                .filter(node -> node.endpoint().zone().equals(zone))
                .toList();
        long known =
                all.stream().filter(node -> node.endpoint().zone().equals(zone)).count();
        return near.isEmpty() || near.size() * 2L < known ? nodes : near;
    }

    /** Those of one group, drawn by the split, if there is one and the group has any. */
    private List<Node> ofGroup(List<Node> nodes) {
        Map<String, Double> parts = split;
        if (parts.isEmpty()) {
            return nodes;
        }
        String group = Costs.drawn(parts);
        List<Node> members = nodes.stream()
                .filter(node -> node.endpoint().group().equals(group))
                .toList();
        return members.isEmpty() ? nodes : members;
    }

    /**
     * From now on calls are divided between groups of endpoints ({@link Endpoint#group}) in these parts; an empty map divides
     * nothing. A group without an available endpoint leaves its part to the others.
     */
    public void split(Map<String, Double> parts) {
        parts.forEach((group, part) -> {
            if (!(part >= 0)) {
                throw new IllegalArgumentException("the part " + part + " of group " + group + " is negative");
            }
        });
        split = Map.copyOf(parts);
    }

    // ---- endpoints ----

    private void replace(List<Endpoint> endpoints) {
        List<Node> gone = new ArrayList<>();
        List<Node> added = new ArrayList<>();
        synchronized (this) {
            if (disposed.get()) {
                return;
            }
            Map<Endpoint, Node> present = new HashMap<>();
            view.all().forEach(node -> present.put(node.endpoint(), node));
            List<Node> all = new ArrayList<>();
            for (Endpoint endpoint : endpoints.stream().distinct().toList()) {
                Node node = present.remove(endpoint);
                if (node == null) {
                    node = new Node(endpoint, options, watcher);
                    added.add(node);
                }
                all.add(node);
            }
            gone.addAll(present.values());
            show(all);
        }
        added.forEach(node -> emit(new BalancerEvent(Kind.ADDED, node.endpoint(), "")));
        gone.forEach(this::remove);
        if (!endpoints.isEmpty()) {
            listed.tryEmitEmpty();
        }
    }

    private void remove(Node node) {
        EndpointStats left = node.stats();
        goneCalls.add(left.calls());
        goneFailures.add(left.failures());
        goneErrorAnswers.add(left.errorAnswers());
        goneEjections.add(left.ejections());
        emit(new BalancerEvent(Kind.REMOVED, node.endpoint(), ""));
        close(node);
    }

    private static void close(Node node) {
        node.pool
                .close(CLOSE_TIMEOUT)
                .subscribe(nothing -> {}, error -> log.debug("{} was not closed in order", node.endpoint(), error));
    }

    private synchronized void show(List<Node> all) {
        view = new View(List.copyOf(all), all.stream().filter(Node::isAvailable).toList());
    }

    private final Node.Watcher watcher = new Node.Watcher() {
        @Override
        public boolean mayEject() {
            View now = view;
            long ejected = now.all().stream().filter(Node::isEjected).count();
            return ejected + 1 <= Math.ceil(now.all().size() * options.maxEjected());
        }

        @Override
        public void changed(Kind kind, Node node, String detail) {
            synchronized (Balancer.this) {
                show(view.all());
            }
            emit(new BalancerEvent(kind, node.endpoint(), detail));
        }
    };

    private void check() {
        for (Node node : view.all()) {
            node.check().subscribe(nothing -> {}, error -> log.warn("{} could not be checked", node.endpoint(), error));
        }
    }

    private void emit(BalancerEvent event) {
        log.debug("{} {} {}", event.kind(), event.endpoint().uri(), event.detail());
        synchronized (events) {
            events.tryEmitNext(event);
        }
    }

    /** What happens to endpoints, from the subscription on; a slow subscriber gets the last hundred. */
    public Flux<BalancerEvent> events() {
        // The buffer's order holds for a subscriber that disposes this balancer in onNext, too: a sink alone would
        // complete in the middle of the event.
        return events.asFlux().onBackpressureBuffer(EVENTS_KEPT, BufferOverflowStrategy.DROP_OLDEST);
    }

    /** How the endpoints do; an estimate while calls are under way. */
    public List<EndpointStats> endpoints() {
        return view.all().stream().map(Node::stats).toList();
    }

    /** What it did so far; an estimate while calls are under way. */
    public BalancerStats stats() {
        List<EndpointStats> present = endpoints();
        int available = (int) present.stream().filter(EndpointStats::available).count();
        return new BalancerStats(
                available,
                present.size() - available,
                sum(present, EndpointStats::outstanding),
                goneCalls.sum() + sum(present, EndpointStats::calls),
                retries.sum(),
                hedges.sum(),
                goneFailures.sum() + sum(present, EndpointStats::failures),
                goneErrorAnswers.sum() + sum(present, EndpointStats::errorAnswers),
                goneEjections.sum() + sum(present, EndpointStats::ejections));
    }

    private static long sum(List<EndpointStats> endpoints, ToLongFunction<EndpointStats> figure) {
        return endpoints.stream().mapToLong(figure).sum();
    }

    void retried() {
        retries.increment();
    }

    void hedged() {
        hedges.increment();
    }

    // ---- the end ----

    /** Makes no more calls and closes all sessions, each when its calls have ended, or after 30 s. */
    @Override
    public void dispose() {
        List<Node> all;
        synchronized (this) {
            if (!disposed.compareAndSet(false, true)) {
                return;
            }
            all = view.all();
            view = new View(List.of(), List.of());
        }
        background.dispose();
        listed.tryEmitEmpty();
        all.forEach(Balancer::close);
        synchronized (events) {
            events.tryEmitComplete();
        }
    }

    @Override
    public boolean isDisposed() {
        return disposed.get();
    }
}
