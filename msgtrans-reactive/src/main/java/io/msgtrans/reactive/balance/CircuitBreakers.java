package io.msgtrans.reactive.balance;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import java.util.function.BiFunction;
import reactor.core.publisher.Mono;

/**
 * Resilience4j's circuit breakers as {@link BalancerOptions#guard}. Needs {@code io.github.resilience4j:resilience4j-reactor}
 * and {@code resilience4j-circuitbreaker} on the class path.
 */
public final class CircuitBreakers {

    private CircuitBreakers() {}

    /**
     * A circuit breaker per endpoint, named by its address. While one is open, calls there fail with {@link
     * ConnectFailedException}, and so go to other endpoints. Answers of the peer, {@link PeerException}, are no failures.
     */
    public static BiFunction<Endpoint, Mono<Packet>, Mono<Packet>> perEndpoint(CircuitBreakerConfig config) {
        return perEndpoint(CircuitBreakerRegistry.of(CircuitBreakerConfig.from(config)
                .ignoreExceptions(PeerException.class)
                .build()));
    }

    /** The same with the circuit breakers of a registry, whose configuration says what a failure is. */
    public static BiFunction<Endpoint, Mono<Packet>, Mono<Packet>> perEndpoint(CircuitBreakerRegistry registry) {
        return (endpoint, call) -> call.transformDeferred(CircuitBreakerOperator.of(
                        registry.circuitBreaker(endpoint.uri().toString())))
                .onErrorMap(
                        CallNotPermittedException.class,
                        open -> new ConnectFailedException(
                                endpoint.uri(), "the circuit breaker of " + endpoint.uri() + " is open", open));
    }
}
