package io.msgtrans.reactive.samples.faults;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerEvent;
import io.msgtrans.reactive.balance.BalancerEvent.Kind;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Balancing;
import io.msgtrans.reactive.balance.Endpoint;
import io.msgtrans.reactive.delivery.AcknowledgedSender;
import io.msgtrans.reactive.delivery.DeliveryOptions;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.reconnect.ConnectionState;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Two loads while something is broken: requests over a balancer, and packets with acknowledgement to the server that the fault
 * befalls.
 */
final class FaultRun implements AutoCloseable {

    private static final Duration HEARTBEAT = Duration.ofMillis(300);
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    private static final Duration FLUSH = Duration.ofSeconds(30);

    private final Balancer balancer;
    private final ReconnectingSession connection;
    private final AcknowledgedSender sender;
    private final List<Path> journals;

    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder untyped = new LongAdder();
    private final AtomicLong slowestNanos = new AtomicLong();
    private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    private final AtomicLong number = new AtomicLong();
    private final Queue<String> reasons = new ConcurrentLinkedQueue<>();
    private final Map<Kind, Long> happenedNanos = new HashMap<>();
    private final List<Disposable> loads = new ArrayList<>();

    private long faultNanos;
    private long healedNanos;

    /**
     * @param endpoints of the balancer
     * @param delivery where acknowledged packets go
     * @param journals what the servers wrote
     */
    FaultRun(Flux<List<Endpoint>> endpoints, String delivery, List<Path> journals) {
        this.journals = journals;
        this.balancer = Balancer.of(
                endpoints,
                BalancerOptions.DEFAULTS
                        .balancing(Balancing.roundRobin())
                        .client(FaultRun::configure)
                        .timeout(TIMEOUT)
                        .attemptTimeout(Duration.ofSeconds(1))
                        .attempts(5)
                        .retryBudget(1, 1000)
                        .ejection(Duration.ofMillis(250), Duration.ofSeconds(1))
                        .slowStart(Duration.ZERO));
        balancer.events().subscribe(this::happened);
        this.connection = ReconnectingSession.of(
                configure(TransportClient.create(delivery)),
                ReconnectOptions.DEFAULTS
                        .minBackoff(Duration.ofMillis(50))
                        .maxBackoff(Duration.ofMillis(500))
                        .attempts(Integer.MAX_VALUE));
        connection.states().filter(state -> state.reason() != null).subscribe(state -> reasons.add(describe(state)));
        this.sender = AcknowledgedSender.of(connection, DeliveryOptions.DEFAULTS.window(65_536, 64L << 20));
    }

    private static String describe(ConnectionState state) {
        CloseReason reason = state.reason();
        return reason == null ? "" : reason.kind() + " " + reason.code();
    }

    private static TransportClient configure(TransportClient client) {
        return client.endpoint(o -> o.extensions(Extensions.ON).connectTimeout(Duration.ofSeconds(1)))
                .session(o -> o.heartbeat(HeartbeatOptions.OFF.interval(HEARTBEAT)));
    }

    private synchronized void happened(BalancerEvent event) {
        if (faultNanos != 0) {
            Kind kind = event.kind() == Kind.DRAINING ? Kind.EJECTED : event.kind();
            if (kind == Kind.EJECTED) {
                happenedNanos.putIfAbsent(kind, System.nanoTime());
            } else {
                happenedNanos.put(kind, System.nanoTime());
            }
        }
    }

    /** Begins with so many requests and so many acknowledged packets per second. */
    FaultRun begin(int requestsPerSecond, int packetsPerSecond) {
        loads.add(Flux.interval(Duration.ofNanos(TimeUnit.SECONDS.toNanos(1) / requestsPerSecond))
                .onBackpressureDrop()
                .flatMap(tick -> ask(), 4096)
                .subscribe());
        loads.add(Flux.interval(Duration.ofNanos(TimeUnit.SECONDS.toNanos(1) / packetsPerSecond))
                .onBackpressureDrop()
                .flatMap(tick -> deliver(), 65_536)
                .subscribe());
        return this;
    }

    private Mono<Void> ask() {
        long start = System.nanoTime();
        return balancer.requestIdempotent(Packet.request("?"))
                .doOnNext(answer -> answered.increment())
                .doOnError(error -> {
                    failed.increment();
                    if (!(error instanceof TransportException)) {
                        untyped.increment();
                    }
                })
                .doFinally(signal -> slowestNanos.accumulateAndGet(System.nanoTime() - start, Math::max))
                .then()
                .onErrorComplete();
    }

    private Mono<Void> deliver() {
        String line = Long.toString(number.incrementAndGet());
        return sender.send(Packet.oneWay(line))
                .doOnSuccess(done -> acknowledged.add(line))
                .onErrorComplete();
    }

    void pause(Duration time) {
        Mono.delay(time).block();
    }

    /** The fault begins. */
    synchronized void faultBegins() {
        faultNanos = System.nanoTime();
    }

    /** It is over. */
    synchronized void faultIsOver() {
        healedNanos = System.nanoTime();
    }

    /** Ends the loads, waits for what is under way, and counts. */
    FaultResult end(String fault, String did) throws IOException {
        loads.forEach(Disposable::dispose);
        sender.flush(FLUSH).block(FLUSH.plusSeconds(1));
        Map<String, Integer> written = new HashMap<>();
        for (Path journal : journals) {
            if (Files.exists(journal)) {
                Files.readAllLines(journal).forEach(line -> written.merge(line, 1, Integer::sum));
            }
        }
        long lost =
                acknowledged.stream().filter(line -> !written.containsKey(line)).count();
        long twice = written.values().stream().filter(times -> times > 1).count();
        if (untyped.sum() > 0) {
            throw new IllegalStateException(untyped.sum() + " calls failed without a typed error");
        }
        long slowestMillis = TimeUnit.NANOSECONDS.toMillis(slowestNanos.get());
        if (slowestMillis > TIMEOUT.toMillis() + 500) {
            throw new IllegalStateException("a call took " + slowestMillis + " ms, and its deadline is " + TIMEOUT);
        }
        return new FaultResult(
                fault,
                answered.sum(),
                failed.sum(),
                slowestMillis,
                since(Kind.EJECTED, faultNanos),
                since(Kind.READMITTED, healedNanos),
                acknowledged.size(),
                lost,
                twice,
                did + sender());
    }

    private String sender() {
        return reasons.isEmpty() ? "" : "; sender reconnected after " + String.join(", ", reasons);
    }

    private synchronized long since(Kind kind, long fromNanos) {
        Long nanos = happenedNanos.get(kind);
        return nanos == null || fromNanos == 0 ? -1 : Math.max(0, TimeUnit.NANOSECONDS.toMillis(nanos - fromNanos));
    }

    @Override
    public void close() {
        loads.forEach(Disposable::dispose);
        sender.dispose();
        connection.dispose();
        balancer.dispose();
    }
}
