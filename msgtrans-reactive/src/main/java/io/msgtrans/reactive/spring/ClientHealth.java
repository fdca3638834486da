package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerStats;
import io.msgtrans.reactive.pool.SessionPool;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import reactor.core.publisher.Mono;

/** Actuator: whether servers can be reached. */
final class ClientHealth {

    private ClientHealth() {}

    /** Up when the pool gives a session within its time limit. */
    static ReactiveHealthIndicator of(SessionPool pool) {
        return () -> pool.share(session -> Mono.just(session.isOpen()))
                .next()
                .map(open -> (open ? Health.up() : Health.down())
                        .withDetail("open", pool.stats().open())
                        .build())
                .onErrorResume(error -> Mono.just(Health.down(error).build()));
    }

    /** Up while at least one server gets calls. */
    static ReactiveHealthIndicator of(Balancer balancer) {
        return () -> Mono.fromSupplier(() -> {
            BalancerStats stats = balancer.stats();
            return (stats.available() > 0 ? Health.up() : Health.down())
                    .withDetail("available", stats.available())
                    .withDetail("out", stats.out())
                    .build();
        });
    }
}
