package io.msgtrans.reactive.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
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
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
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

    record Order(String symbol, int amount) {}

    record Receipt(String text) {}

    @PacketController
    static class Orders {
        final Set<String> noted = ConcurrentHashMap.newKeySet();

        @PacketMapping(bizType = 1)
        Mono<Receipt> place(Order order, Session session) {
            return order.amount() > 0
                    ? Mono.just(new Receipt(order.amount() + " " + order.symbol() + " over " + session.scheme()))
                    : Mono.error(new PeerException(300, "amount " + order.amount() + " is not positive"));
        }

        @PacketMapping(tag = "upper")
        String upper(String text) {
            return text.toUpperCase(java.util.Locale.ROOT);
        }

        @PacketMapping(bizType = 2)
        Flux<String> count(Order order) {
            return Flux.range(0, order.amount()).map(i -> order.symbol() + i);
        }

        @PacketMapping(bizType = 3)
        void note(String text) {
            noted.add(text);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Orders.class)
    static class Annotated {}

    @PacketController
    static class Twice {
        @PacketMapping(bizType = 1)
        String first(String text) {
            return text;
        }

        @PacketMapping(bizType = 1)
        String second(String text) {
            return text;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(Twice.class)
    static class Ambiguous {}

    private static Packet json(int biz, String payload) {
        return Packet.builder(PacketType.REQUEST).bizType(biz).payload(payload).build();
    }

    @Test
    void annotatedMethodsHandlePacketsRequestsAndStreams() {
        String uri = "mem://" + UUID.randomUUID();
        try (ConfigurableApplicationContext context = run(Annotated.class, "msgtrans.server.listen=" + uri)) {
            Session session = TransportClient.create(uri).connectNow();
            assertThat(session.request(json(1, "{\"symbol\":\"EUR\",\"amount\":3}"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("{\"text\":\"3 EUR over mem\"}");
            assertThatThrownBy(() -> session.request(json(1, "{\"symbol\":\"EUR\",\"amount\":0}"))
                            .block(LIMIT))
                    .isInstanceOfSatisfying(
                            PeerException.class,
                            error -> assertThat(error.code()).isEqualTo(300));
            assertThatThrownBy(() -> session.request(json(1, "{]")).block(LIMIT))
                    .isInstanceOfSatisfying(
                            PeerException.class,
                            error -> assertThat(error.code()).isEqualTo(PeerException.BAD_PAYLOAD));
            assertThat(session.request(Route.tag("upper")
                                    .packet(PacketType.REQUEST)
                                    .payload("hello")
                                    .build())
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("HELLO");
            assertThat(session.requestStream(json(2, "{\"symbol\":\"a\",\"amount\":3}"))
                            .map(Packet::payloadText)
                            .collectList()
                            .block(LIMIT))
                    .containsExactly("a0", "a1", "a2");
            session.send(Packet.builder(PacketType.ONE_WAY)
                            .bizType(3)
                            .payload("noted")
                            .build())
                    .block(LIMIT);
            Orders orders = context.getBean(Orders.class);
            Flux.interval(Duration.ofMillis(5))
                    .filter(tick -> orders.noted.contains("noted"))
                    .blockFirst(LIMIT);
            session.dispose();
        }
    }

    @Test
    void twoMethodsForTheSamePacketsStopTheApplication() {
        assertThatThrownBy(() -> run(Ambiguous.class, "msgtrans.server.listen=mem://ambiguous"))
                .rootCause()
                .hasMessageContaining("another method handles biz type 1 already");
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
        Set<String> there = new TreeSet<>(Set.of("msgtrans.observations"));
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
