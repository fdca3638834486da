package io.msgtrans.reactive.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.tracing.ObservedTracing;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Meters, observations, health and info, each when the application has what it takes. */
@AutoConfiguration(after = MsgtransAutoConfiguration.class)
public class MsgtransActuatorAutoConfiguration {

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    @ConditionalOnBean(MeterRegistry.class)
    static class Metrics {

        /** Bound when the server listens, gone before it stops. */
        @Bean
        MeterLifecycle msgtransMetrics(
                MeterRegistry registry,
                ObjectProvider<TransportServerLifecycle> servers,
                ObjectProvider<TransportClient> clients,
                ObjectProvider<SessionPool> pools,
                ObjectProvider<Balancer> balancers) {
            return new MeterLifecycle(registry, metrics -> {
                servers.ifAvailable(server -> metrics.server("server", server.server()));
                clients.ifAvailable(client -> metrics.client("client", client));
                pools.ifAvailable(pool -> metrics.pool("client", pool));
                balancers.ifAvailable(balancer -> metrics.balancer("client", balancer));
            });
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ObservationRegistry.class)
    @ConditionalOnBean(ObservationRegistry.class)
    @ConditionalOnProperty(prefix = "msgtrans", name = "observations", matchIfMissing = true)
    static class Observations {

        @Bean
        TransportServerCustomizer msgtransServerObservations(ObservationRegistry registry) {
            return server -> server.session(options -> options.tracing(ObservedTracing.of(registry)));
        }

        @Bean
        TransportClientCustomizer msgtransClientObservations(ObservationRegistry registry) {
            return client -> client.session(options -> options.tracing(ObservedTracing.of(registry)));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ReactiveHealthIndicator.class)
    static class HealthIndicators {

        @Bean
        @ConditionalOnBean(TransportServerLifecycle.class)
        ReactiveHealthIndicator msgtransServerHealthIndicator(TransportServerLifecycle server) {
            return new ServerHealth(server);
        }

        @Bean
        @ConditionalOnBean(SessionPool.class)
        ReactiveHealthIndicator msgtransClientHealthIndicator(SessionPool pool) {
            return ClientHealth.of(pool);
        }

        @Bean
        @ConditionalOnBean(Balancer.class)
        ReactiveHealthIndicator msgtransBalancerHealthIndicator(Balancer balancer) {
            return ClientHealth.of(balancer);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(InfoContributor.class)
    static class ServerInfo {

        @Bean
        @ConditionalOnBean(TransportServerLifecycle.class)
        InfoContributor msgtransInfo(TransportServerLifecycle lifecycle) {
            return info -> {
                if (lifecycle.isRunning()) {
                    BoundServer server = lifecycle.server();
                    info.withDetail(
                            "msgtrans",
                            Map.of(
                                    "listening",
                                    server.uris(),
                                    "accepted",
                                    server.stats().opened()));
                }
            };
        }
    }
}
