package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.spi.TransportProvider;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.function.UnaryOperator;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.validation.SmartValidator;
import tools.jackson.databind.json.JsonMapper;

/** Makes a server of {@code msgtrans.server.*} and a client of {@code msgtrans.client.*}. */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration",
            "org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration",
            "org.springframework.boot.validation.autoconfigure.ValidationAutoConfiguration"
        })
@Import(WebFluxMount.class)
@ImportRuntimeHints(PageHints.class)
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
            ObjectProvider<SslBundles> bundles,
            ObjectProvider<TransportServerCustomizer> customizers) {
        TransportServer server = TransportServer.create();
        if (properties.preset() != null) {
            server = server.preset(properties.preset());
        }
        if (properties.maxSessions() != null) {
            server = server.maxSessions(properties.maxSessions());
        }
        server = server.session(options -> session(options, properties));
        if (properties.maxSessionsPerAddress() > 0) {
            server = server.maxSessionsPerAddress(properties.maxSessionsPerAddress());
        }
        UnaryOperator<EndpointOptions> tls = serverTls(properties, bundles);
        for (String uri : properties.listen()) {
            server = server.listen(
                    uri, endpoint -> origins(uri, isSecure(uri) ? tls.apply(endpoint) : endpoint, properties));
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

    private static SessionOptions session(SessionOptions options, TransportServerProperties properties) {
        return options.requestTimeout(properties.requestTimeout())
                .idleTimeout(properties.idleTimeout())
                .maxPayload(properties.maxPayload());
    }

    private static UnaryOperator<EndpointOptions> serverTls(
            TransportServerProperties properties, ObjectProvider<SslBundles> bundles) {
        String bundle = properties.sslBundle();
        String certificate = properties.certificate();
        if (bundle != null) {
            BundleTls tls = new BundleTls(bundles.getObject(), bundle);
            return endpoint -> tls.apply(endpoint).clientCertificate(properties.clientCertificate());
        }
        if (certificate != null) {
            Path key = Path.of(Objects.requireNonNull(properties.key(), "msgtrans.server.key is missing"));
            return endpoint ->
                    endpoint.certificate(Path.of(certificate), key).clientCertificate(properties.clientCertificate());
        }
        return endpoint -> endpoint;
    }

    /** Certificates are for the addresses with TLS; others refuse them. */
    private static boolean isSecure(String uri) {
        String scheme = uri.replaceFirst(":.*", "").toLowerCase(Locale.ROOT);
        return ServiceLoader.load(TransportProvider.class, TransportProvider.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .anyMatch(transport -> transport.schemes().contains(scheme) && transport.isSecure(scheme));
    }

    /** Only WebSocket has origins. */
    static EndpointOptions origins(String uri, EndpointOptions endpoint, TransportServerProperties properties) {
        return uri.startsWith("ws") && !properties.allowedOrigins().isEmpty()
                ? endpoint.with(WebSocketOptions.ORIGINS, String.join(",", properties.allowedOrigins()))
                : endpoint;
    }

    /** Annotated methods, when somebody has some. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(JsonMapper.class)
    static class Annotated {

        @Bean
        @ConditionalOnMissingBean({Router.class, SessionHandlerBean.class})
        Router packetRouter(
                ListableBeanFactory beans,
                ObjectProvider<JsonMapper> mappers,
                ObjectProvider<SmartValidator> validators,
                ObjectProvider<SessionScope> scopes) {
            return new AnnotatedRouter(
                            mappers.getIfAvailable(JsonMapper::shared),
                            validators.getIfAvailable(),
                            scopes.getIfAvailable(() -> SessionScope.NONE))
                    .of(beans.getBeansWithAnnotation(PacketController.class).values());
        }
    }

    /** Handlers run as the session's user. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ReactiveSecurityContextHolder.class)
    static class Security {

        @Bean
        SessionScope msgtransSecurityScope() {
            return new SecurityScope();
        }
    }

    /** The client, when it knows of a server. */
    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnProperty(prefix = "msgtrans.client", name = "uri")
    TransportClient transportClient(
            TransportClientProperties properties,
            ObjectProvider<SslBundles> bundles,
            ObjectProvider<TransportClientCustomizer> customizers) {
        return client(properties, bundles, customizers)
                .apply(TransportClient.create(Objects.requireNonNull(properties.uri())));
    }

    /** Its sessions, kept ready; closed in order with the context. */
    @Bean(destroyMethod = "dispose")
    @ConditionalOnMissingBean
    @ConditionalOnBean(TransportClient.class)
    SessionPool sessionPool(TransportClient client, TransportClientProperties properties) {
        return SessionPool.of(client, pool(properties));
    }

    /** Calls spread over several servers. */
    @Bean(destroyMethod = "dispose")
    @ConditionalOnMissingBean
    @Conditional(OnServers.class)
    Balancer balancer(
            TransportClientProperties properties,
            ObjectProvider<SslBundles> bundles,
            ObjectProvider<TransportClientCustomizer> customizers) {
        return Balancer.of(
                Endpoints.of(properties.uris().toArray(String[]::new)),
                BalancerOptions.DEFAULTS
                        .pool(pool(properties))
                        .timeout(properties.requestTimeout())
                        .client(client(properties, bundles, customizers)));
    }

    private static PoolOptions pool(TransportClientProperties properties) {
        PoolOptions options = properties.preset() == null
                ? PoolOptions.DEFAULTS.size(1, 8)
                : properties.preset().pool();
        int min = properties.poolMin() == null ? options.minSessions() : properties.poolMin();
        int max = properties.poolMax() == null ? Math.max(min, options.maxSessions()) : properties.poolMax();
        return options.size(Math.min(min, max), max)
                .start(properties.poolStart() == null ? options.start() : properties.poolStart());
    }

    private static UnaryOperator<TransportClient> client(
            TransportClientProperties properties,
            ObjectProvider<SslBundles> bundles,
            ObjectProvider<TransportClientCustomizer> customizers) {
        String bundle = properties.sslBundle();
        String trust = properties.trust();
        BundleTls tls = bundle == null ? null : new BundleTls(bundles.getObject(), bundle);
        return created -> {
            TransportClient client = (properties.preset() == null ? created : created.preset(properties.preset()))
                    .session(options -> options.requestTimeout(properties.requestTimeout()))
                    .endpoint(endpoint -> endpoint.connectTimeout(properties.connectTimeout()));
            if (tls != null) {
                client = client.endpoint(tls::apply);
            } else if (trust != null) {
                client = client.endpoint(endpoint -> endpoint.trust(Path.of(trust)));
            }
            for (TransportClientCustomizer customizer :
                    customizers.orderedStream().toList()) {
                client = customizer.apply(client);
            }
            return client;
        };
    }
}
