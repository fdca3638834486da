package io.msgtrans.reactive.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.pool.SessionPool;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Real Boot applications without a web server. */
class SpringBootTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Routed {
        @Bean
        Router router() {
            return Router.create()
                    .onRequest(
                            Route.bizType(7),
                            Codec.TEXT,
                            Codec.TEXT,
                            (session, text) -> text.equals("slow")
                                    ? Mono.delay(Duration.ofMillis(300)).thenReturn("late")
                                    : Mono.just(text.toUpperCase(java.util.Locale.ROOT)));
        }

        @Bean
        MeterRegistry registry() {
            return new SimpleMeterRegistry();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Handled {
        @Bean
        SessionHandlerBean handler() {
            return session -> session.send(session.receive().map(packet -> packet.response("handled")));
        }

        @Bean
        TransportServerCustomizer second() {
            return server -> server.listen("mem://customized");
        }
    }

    private static ConfigurableApplicationContext run(Class<?> type, String... properties) {
        SpringApplication application = new SpringApplication(type);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setRegisterShutdownHook(false);
        String[] args = new String[properties.length + 1];
        for (int i = 0; i < properties.length; i++) {
            args[i] = "--" + properties[i];
        }
        args[properties.length] = "--spring.main.banner-mode=off";
        return application.run(args);
    }

    private static Packet request(String text) {
        return Packet.builder(PacketType.REQUEST).bizType(7).payload(text).build();
    }

    @Test
    void aRouterBeanAnswersAndAPoolAsks() {
        String uri = "mem://" + UUID.randomUUID();
        try (ConfigurableApplicationContext context = run(
                Routed.class,
                "msgtrans.server.listen=" + uri,
                "msgtrans.client.uri=" + uri,
                "msgtrans.client.pool-max=3")) {
            SessionPool pool = context.getBean(SessionPool.class);
            assertThat(pool.request(request("hello")).map(Packet::payloadText).block(LIMIT))
                    .isEqualTo("HELLO");
            assertThat(pool.options().maxSessions()).isEqualTo(3);
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(registry.get("msgtrans.server.sessions").gauge().value()).isPositive();
            assertThat(registry.get("msgtrans.client.sessions").gauge().value()).isPositive();
            assertThat(registry.get("msgtrans.pool.calls").gauge().value()).isZero();
        }
    }

    @Test
    void aHandlerBeanAndACustomizerAreUsed() {
        try (ConfigurableApplicationContext context =
                run(Handled.class, "msgtrans.server.listen[0]=tcp://127.0.0.1:0")) {
            TransportServerLifecycle server = context.getBean(TransportServerLifecycle.class);
            assertThat(server.uris()).hasSize(2);
            Session session =
                    TransportClient.create(server.uris().get(0).toString()).connectNow();
            assertThat(session.request(request("x")).map(Packet::payloadText).block(LIMIT))
                    .isEqualTo("handled");
            session.dispose();
        }
    }

    @Test
    void whatIsUnderWayIsFinishedWhenTheApplicationStops() {
        String uri = "mem://" + UUID.randomUUID();
        ConfigurableApplicationContext context = run(Routed.class, "msgtrans.server.listen=" + uri);
        Session session = TransportClient.create(uri).connectNow();
        Mono<String> answer =
                session.request(request("slow")).map(Packet::payloadText).cache();
        answer.subscribe();
        BoundServer server = context.getBean(TransportServerLifecycle.class).server();
        Flux.interval(Duration.ofMillis(5))
                .filter(tick -> server.stats().traffic().requestsReceived() == 1)
                .blockFirst(LIMIT);
        context.close();
        assertThat(answer.block(LIMIT)).isEqualTo("late");
        assertThatThrownBy(() -> TransportClient.create(uri).connectNow()).hasMessageContaining("cannot connect");
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Web extends Routed {
        @Bean
        RouterFunction<ServerResponse> pages() {
            return RouterFunctions.route()
                    .GET("/page", request -> ServerResponse.ok().bodyValue("a page"))
                    .build();
        }
    }

    @Test
    void sessionsComeOnThePortOfTheWebServer() {
        SpringApplication application = new SpringApplication(Web.class);
        application.setWebApplicationType(WebApplicationType.REACTIVE);
        application.setRegisterShutdownHook(false);
        try (ConfigurableApplicationContext context = application.run(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--msgtrans.server.web-path=/feed",
                "--spring.main.banner-mode=off")) {
            String port = context.getEnvironment().getRequiredProperty("local.server.port");
            String page = HttpClient.newConnection()
                    .get()
                    .uri("http://127.0.0.1:" + port + "/page")
                    .responseContent()
                    .aggregate()
                    .asString()
                    .block(LIMIT);
            assertThat(page).isEqualTo("a page");
            Session session =
                    TransportClient.create("ws://127.0.0.1:" + port + "/feed").connectNow();
            assertThat(session.request(request("hello"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("HELLO");
            assertThat(session.isExtended()).isTrue();
            assertThat(context.getBean(TransportServerLifecycle.class).server().sessionCount())
                    .isEqualTo(1);
            session.dispose();
        }
    }

    @Test
    void withoutAddressesThereIsNothing() {
        try (ConfigurableApplicationContext context = run(Routed.class)) {
            assertThat(context.getBeanNamesForType(TransportServerLifecycle.class))
                    .isEmpty();
            assertThat(context.getBeanNamesForType(TransportClient.class)).isEmpty();
            assertThat(context.getBeanNamesForType(SessionPool.class)).isEmpty();
        }
        try (ConfigurableApplicationContext context =
                run(Routed.class, "msgtrans.server.listen=mem://never", "msgtrans.server.enabled=false")) {
            assertThat(context.getBeanNamesForType(TransportServerLifecycle.class))
                    .isEmpty();
        }
    }

    @Test
    void badValuesStopTheApplicationWithTheirName() {
        assertThatThrownBy(
                        () -> run(Routed.class, "msgtrans.server.listen=mem://bad", "msgtrans.server.max-sessions=0"))
                .rootCause()
                .hasMessageContaining("maxSessions 0 is outside");
    }

    @Test
    void everyPropertyIsDescribed() throws IOException {
        Set<String> described = new TreeSet<>();
        try (InputStream in =
                SpringBootTest.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            JsonNode all = JsonMapper.shared().readTree(in);
            all.get("properties")
                    .forEach(property -> described.add(property.get("name").asString()));
        }
        Set<String> there = new TreeSet<>();
        add(there, "msgtrans.server.", TransportServerProperties.class);
        add(there, "msgtrans.client.", TransportClientProperties.class);
        assertThat(described).isEqualTo(there);
    }

    private static void add(Set<String> names, String prefix, Class<? extends Record> type) {
        for (var component : type.getRecordComponents()) {
            names.add(prefix + component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT));
        }
    }
}
