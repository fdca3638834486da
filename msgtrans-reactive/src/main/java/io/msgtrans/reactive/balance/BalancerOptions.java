package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.ErrorPolicy;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** How a {@link Balancer} spreads calls, and what it does when they fail. Immutable: each method returns a changed copy. */
public final class BalancerOptions implements Cloneable {

    /** The defaults. */
    public static final BalancerOptions DEFAULTS = new BalancerOptions();

    // Never written after the copy that a method returns has left it.
    private Balancing balancing = Balancing.peakEwma();
    private PoolOptions pool = PoolOptions.DEFAULTS.size(1, 4);
    private UnaryOperator<TransportClient> client = UnaryOperator.identity();
    private Duration timeout = Duration.ofSeconds(10);
    private @Nullable Duration attemptTimeout;
    private int attempts = 3;
    private double retryRatio = 0.2;
    private double retriesPerSecond = 10;
    private @Nullable Duration hedgeAfter;
    private ErrorPolicy errors = ErrorPolicy.DEFAULT;
    private int ejectAfter = 5;
    private double ejectAboveErrorRate = 0.5;
    private Duration ejection = Duration.ofSeconds(1);
    private Duration longestEjection = Duration.ofSeconds(30);
    private double maxEjected = 0.5;
    private @Nullable Packet probe;
    private Duration slowStart = Duration.ofSeconds(10);
    private String zone = "";
    private BiFunction<Endpoint, Mono<Packet>, Mono<Packet>> guard = (endpoint, call) -> call;

    private BalancerOptions() {}

    /** Who gets the next call; default {@link Balancing#peakEwma()}. */
    public BalancerOptions balancing(Balancing balancing) {
        BalancerOptions copy = copy();
        copy.balancing = Objects.requireNonNull(balancing, "balancing");
        return copy;
    }

    public Balancing balancing() {
        return balancing;
    }

    /** The sessions of each endpoint; default 1 to 4 shared ones. */
    public BalancerOptions pool(PoolOptions pool) {
        BalancerOptions copy = copy();
        copy.pool = Objects.requireNonNull(pool, "pool");
        return copy;
    }

    public PoolOptions pool() {
        return pool;
    }

    /** Changes the client that is made for each endpoint: TLS, extensions, limits, heartbeats. */
    public BalancerOptions client(UnaryOperator<TransportClient> client) {
        BalancerOptions copy = copy();
        copy.client = Objects.requireNonNull(client, "client");
        return copy;
    }

    public UnaryOperator<TransportClient> client() {
        return client;
    }

    /** From the call to its end, all attempts together, 1 ms..1 day; default 10 s. */
    public BalancerOptions timeout(Duration timeout) {
        BalancerOptions copy = copy();
        copy.timeout = between("timeout", timeout);
        return copy;
    }

    public Duration timeout() {
        return timeout;
    }

    /**
     * How long one attempt may take before it counts as failed, and another follows where that is allowed; 1 ms..1 day, by
     * default as long as the whole call.
     */
    public BalancerOptions attemptTimeout(Duration timeout) {
        BalancerOptions copy = copy();
        copy.attemptTimeout = between("attemptTimeout", timeout);
        return copy;
    }

    public Duration attemptTimeout() {
        return attemptTimeout == null ? timeout : attemptTimeout;
    }

    /** Attempts per call, the first included, 1..100; default 3. */
    public BalancerOptions attempts(int attempts) {
        if (attempts < 1 || attempts > 100) {
            throw new IllegalArgumentException("attempts " + attempts + " is outside 1..100");
        }
        BalancerOptions copy = copy();
        copy.attempts = attempts;
        return copy;
    }

    public int attempts() {
        return attempts;
    }

    /**
     * Further attempts and hedges of all calls together: a part of the calls, 0..10, and so many per second besides, 0..10^6;
     * default 0.2 and 10.
     */
    public BalancerOptions retryBudget(double ratio, double perSecond) {
        if (!(ratio >= 0 && ratio <= 10 && perSecond >= 0 && perSecond <= 1e6)) {
            throw new IllegalArgumentException(
                    "retryBudget " + ratio + ", " + perSecond + " is outside 0..10, 0..10^6");
        }
        BalancerOptions copy = copy();
        copy.retryRatio = ratio;
        copy.retriesPerSecond = perSecond;
        return copy;
    }

    public double retryRatio() {
        return retryRatio;
    }

    public double retriesPerSecond() {
        return retriesPerSecond;
    }

    /**
     * After which time without an answer an idempotent call is made at a second endpoint as well, whose answer counts if it is
     * the first; the other attempt is cancelled. 1 ms..1 day; default never. (Dean and Barroso, "The tail at scale", 2013: a
     * time that 95 % of the calls keep costs 5 % more calls.)
     */
    public BalancerOptions hedgeAfter(Duration time) {
        BalancerOptions copy = copy();
        copy.hedgeAfter = between("hedgeAfter", time);
        return copy;
    }

    public @Nullable Duration hedgeAfter() {
        return hedgeAfter;
    }

    /** What is done about errors; default {@link ErrorPolicy#DEFAULT}. */
    public BalancerOptions errors(ErrorPolicy policy) {
        BalancerOptions copy = copy();
        copy.errors = Objects.requireNonNull(policy, "errors");
        return copy;
    }

    public ErrorPolicy errors() {
        return errors;
    }

    /**
     * When an endpoint is ejected: after so many failures in a row, 1..10^6, or when so much of its recent calls failed, 0..1,
     * of twenty at least; default 5 and 0.5. Answers of the peer, whatever they say, are no failures.
     */
    public BalancerOptions eject(int failuresInARow, double errorRate) {
        if (failuresInARow < 1 || failuresInARow > 1_000_000 || !(errorRate >= 0 && errorRate <= 1)) {
            throw new IllegalArgumentException(
                    "eject " + failuresInARow + ", " + errorRate + " is outside 1..10^6, 0..1");
        }
        BalancerOptions copy = copy();
        copy.ejectAfter = failuresInARow;
        copy.ejectAboveErrorRate = errorRate;
        return copy;
    }

    public int ejectAfter() {
        return ejectAfter;
    }

    public double ejectAboveErrorRate() {
        return ejectAboveErrorRate;
    }

    /**
     * How long an endpoint is ejected before it is probed, 10 ms..1 day: the first time, doubled each time that it still fails,
     * and the longest; default 1 s and 30 s.
     */
    public BalancerOptions ejection(Duration first, Duration longest) {
        if (first.compareTo(longest) > 0) {
            throw new IllegalArgumentException("ejection " + first + " is longer than " + longest);
        }
        BalancerOptions copy = copy();
        copy.ejection = between("ejection", first);
        copy.longestEjection = between("ejection", longest);
        return copy;
    }

    public Duration ejection() {
        return ejection;
    }

    public Duration longestEjection() {
        return longestEjection;
    }

    /** Which part of the endpoints may be ejected at one time, 0..1; default 0.5. Those that drain do not count. */
    public BalancerOptions maxEjected(double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("maxEjected " + part + " is outside 0..1");
        }
        BalancerOptions copy = copy();
        copy.maxEjected = part;
        return copy;
    }

    public double maxEjected() {
        return maxEjected;
    }

    /** A request that an ejected endpoint must answer to come back; by default it must only accept a connection. */
    public BalancerOptions probe(Packet request) {
        BalancerOptions copy = copy();
        copy.probe = Objects.requireNonNull(request, "probe");
        return copy;
    }

    public @Nullable Packet probe() {
        return probe;
    }

    /** How long an endpoint that came back gets less than its part, from a tenth on, growing; up to 1 day, default 10 s. */
    public BalancerOptions slowStart(Duration time) {
        BalancerOptions copy = copy();
        copy.slowStart = time.isZero() ? time : between("slowStart", time);
        return copy;
    }

    public Duration slowStart() {
        return slowStart;
    }

    /**
     * The zone of this side: endpoints in it are preferred while half of them at least are available; default none.
     */
    public BalancerOptions zone(String zone) {
        BalancerOptions copy = copy();
        copy.zone = Objects.requireNonNull(zone, "zone");
        return copy;
    }

    public String zone() {
        return zone;
    }

    /** Put around each attempt at an endpoint: a circuit breaker ({@link CircuitBreakers}), a bulkhead; default nothing. */
    public BalancerOptions guard(BiFunction<Endpoint, Mono<Packet>, Mono<Packet>> guard) {
        BalancerOptions copy = copy();
        copy.guard = Objects.requireNonNull(guard, "guard");
        return copy;
    }

    public BiFunction<Endpoint, Mono<Packet>, Mono<Packet>> guard() {
        return guard;
    }

    private static Duration between(String option, Duration value) {
        return OptionRange.check(option, value, Duration.ofMillis(1), Duration.ofDays(1), "1 ms..1 day");
    }

    private BalancerOptions copy() {
        try {
            return (BalancerOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
