package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.BoundServer;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import reactor.core.publisher.Mono;

/** Actuator: up while the server listens, out of service before and behind that. */
final class ServerHealth implements ReactiveHealthIndicator {

    private final TransportServerLifecycle lifecycle;

    ServerHealth(TransportServerLifecycle lifecycle) {
        this.lifecycle = lifecycle;
    }

    @Override
    public Mono<Health> health() {
        return Mono.fromSupplier(() -> {
            if (!lifecycle.isRunning()) {
                return Health.outOfService().build();
            }
            BoundServer server = lifecycle.server();
            return Health.up()
                    .withDetail("listening", server.uris())
                    .withDetail("sessions", server.sessionCount())
                    .build();
        });
    }
}
