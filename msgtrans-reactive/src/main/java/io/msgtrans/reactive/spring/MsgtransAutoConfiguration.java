package io.msgtrans.reactive.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.SessionPool;
import java.nio.file.Path;
import java.util.Objects;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import tools.jackson.databind.json.JsonMapper;

/** Makes a server of {@code msgtrans.server.*} and a client of {@code msgtrans.client.*}. */
@AutoConfiguration
@Import(WebFluxMount.class)
@EnableConfigurationProperties({TransportServerProperties.class, TransportClientProperties.class})
public class MsgtransAutoConfiguration {

    /** The server, when it shall listen somewhere. */
    @Bean
    @ConditionalOnMissingBean
    @Conditional(OnServerAddress.class)
    TransportServerLifecycle transportServer(
            TransportServerProperties properties,
            ObjectProvider<SessionHandlerBean> handlers,
            ObjectProvider<Router> routers,
            ObjectProvider<TransportServerCustomizer> customizers) {
        TransportServer server = TransportServer.create()
                .maxSessions(properties.maxSessions())
                .session(options -> session(options, properties));
        if (properties.maxSessionsPerAddress() > 0) {
            server = server.maxSessionsPerAddress(properties.maxSessionsPerAddress());
        }
        for (String uri : properties.listen()) {
            server = server.listen(uri, endpoint -> endpoint(endpoint, properties));
        }
        SessionHandlerBean handler = handlers.getIfAvailable();
        Router router = routers.getIfAvailable();
        if (handler != null) {
            server = server.handle(handler::handle);
        } else if (router != null) {
            server = server.session(options -> options.streams(router)).handle(router::handle);
        }
        for (TransportServerCustomizer customizer : customizers.orderedStream().toList()) {
            server = customizer.apply(server);
        }
        return new TransportServerLifecycle(server, properties.drainTimeout());
    }

    /** Annotated methods, when somebody has some. */
    @Bean
    @ConditionalOnMissingBean({Router.class, SessionHandlerBean.class})
    @ConditionalOnClass(JsonMapper.class)
    Router packetRouter(ListableBeanFactory beans, ObjectProvider<JsonMapper> mappers) {
        return new AnnotatedRouter(mappers.getIfAvailable(JsonMapper::shared))
                .of(beans.getBeansWithAnnotation(PacketController.class).values());
    }

    private static SessionOptions session(SessionOptions options, TransportServerProperties properties) {
        return options.requestTimeout(properties.requestTimeout())
                .idleTimeout(properties.idleTimeout())
                .maxPayload(properties.maxPayload());
    }

    private static EndpointOptions endpoint(EndpointOptions endpoint, TransportServerProperties properties) {
        return properties.certificate() == null
                ? endpoint
                : endpoint.certificate(
                        Path.of(properties.certificate()),
                        Path.of(Objects.requireNonNull(properties.key(), "msgtrans.server.key is missing")));
    }

    /** The client, when it knows of a server. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(prefix = "msgtrans.client", name = "uri")
    TransportClient transportClient(TransportClientProperties properties) {
        TransportClient client = TransportClient.create(Objects.requireNonNull(properties.uri()))
                .session(options -> options.requestTimeout(properties.requestTimeout()))
                .endpoint(endpoint -> endpoint.connectTimeout(properties.connectTimeout()));
        String trust = properties.trust();
        return trust == null ? client : client.endpoint(endpoint -> endpoint.trust(Path.of(trust)));
    }

    /** Its sessions, kept ready; closed in order with the context. */
    @Bean(destroyMethod = "dispose")
    @ConditionalOnMissingBean
    @ConditionalOnBean(TransportClient.class)
    SessionPool sessionPool(TransportClient client, TransportClientProperties properties) {
        return SessionPool.of(client, PoolOptions.DEFAULTS.size(properties.poolMin(), properties.poolMax()));
    }

    /** Meters, when there is a registry. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterRegistry.class)
    static class Metrics {

        /** Bound when the server listens, gone before it stops. */
        @Bean
        @ConditionalOnBean(MeterRegistry.class)
        MeterLifecycle msgtransMetrics(
                MeterRegistry registry,
                ObjectProvider<TransportServerLifecycle> servers,
                ObjectProvider<TransportClient> clients,
                ObjectProvider<SessionPool> pools) {
            return new MeterLifecycle(registry, metrics -> {
                servers.ifAvailable(server -> metrics.server("server", server.server()));
                clients.ifAvailable(client -> metrics.client("client", client));
                pools.ifAvailable(pool -> metrics.pool("client", pool));
            });
        }
    }
}
