package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerEvent;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Balancing;
import io.msgtrans.reactive.balance.Balancing.Weights;
import io.msgtrans.reactive.balance.EndpointStats;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.pool.PoolOptions;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of commands that spread calls over several servers. */
final class BalanceOptions {

    /** The strategies by name. */
    enum Strategy {
        ROUND_ROBIN,
        LEAST_OUTSTANDING,
        TWO_CHOICES,
        EWMA,
        RESOURCES,
        LATENCY,
        THROUGHPUT,
        CONNECTIONS,
        HASH;

        private Balancing balancing() {
            return switch (this) {
                case ROUND_ROBIN -> Balancing.roundRobin();
                case LEAST_OUTSTANDING -> Balancing.leastOutstanding();
                case TWO_CHOICES -> Balancing.powerOfTwoChoices();
                case EWMA -> Balancing.peakEwma();
                case RESOURCES -> Balancing.resources();
                case LATENCY -> Balancing.adaptive(Weights.LATENCY_SENSITIVE);
                case THROUGHPUT -> Balancing.adaptive(Weights.THROUGHPUT);
                case CONNECTIONS -> Balancing.adaptive(Weights.CONNECTION_HEAVY);
                case HASH -> Balancing.consistentHash(Packet::payloadText);
            };
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    @Option(
            names = "--balance",
            paramLabel = "NAME",
            converter = StrategyName.class,
            description = "Spread requests over the URIs, reconnect, and try again what fails: round-robin, "
                    + "least-outstanding, two-choices, ewma, resources, latency, throughput, connections, hash. Default "
                    + "with several URIs: ewma.")
    private @Nullable Strategy strategy;

    /** As the strategies are written. */
    static final class StrategyName implements ITypeConverter<Strategy> {
        @Override
        public Strategy convert(String name) {
            for (Strategy strategy : Strategy.values()) {
                if (strategy.toString().equals(name)) {
                    return strategy;
                }
            }
            throw new TypeConversionException("'" + name + "' is not one of " + List.of(Strategy.values()));
        }
    }

    /** Whether calls are balanced. */
    boolean isWanted(List<String> uris) {
        return strategy != null || uris.size() > 1;
    }

    Balancer open(List<String> uris, TlsOptions tls, Duration timeout, int sessions) {
        Strategy chosen = strategy == null ? Strategy.EWMA : strategy;
        BalancerOptions options = BalancerOptions.DEFAULTS
                .balancing(chosen.balancing())
                .client(client -> client.endpoint(tls::apply)
                        .session(o -> o.heartbeat(HeartbeatOptions.OFF.interval(Duration.ofSeconds(1)))))
                .pool(PoolOptions.DEFAULTS.size(sessions, Math.max(sessions, 4)))
                .attempts(5)
                .retryBudget(0.5, 100)
                .timeout(timeout);
        return Balancer.of(Endpoints.of(uris.toArray(String[]::new)), options);
    }

    static String line(BalancerEvent event) {
        return event.kind().toString().toLowerCase(Locale.ROOT).replace('_', ' ') + " "
                + event.endpoint().uri() + (event.detail().isEmpty() ? "" : ": " + event.detail());
    }

    /** What happened at each endpoint. */
    static void report(Balancer balancer, PrintWriter err) {
        for (EndpointStats endpoint : balancer.endpoints()) {
            err.printf(
                    Locale.ROOT,
                    "%s: %,d calls, %,d failures, %,d error answers, %d times out, %s%n",
                    endpoint.endpoint().uri(),
                    endpoint.calls(),
                    endpoint.failures(),
                    endpoint.errorAnswers(),
                    endpoint.ejections(),
                    endpoint.available() ? "available" : "not available");
        }
        err.flush();
    }
}
