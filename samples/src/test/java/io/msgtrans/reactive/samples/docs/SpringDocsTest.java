package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.kafka.KafkaIngest;
import io.msgtrans.reactive.kafka.KafkaOptions;
import io.msgtrans.reactive.kafka.KafkaRecord;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.samples.docs.shop.ShopApplication;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/** Code of the page about Spring, in real applications. */
class SpringDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Component
    static class Quotes {
        Mono<String> of(String symbol) {
            return Mono.just(symbol + " 1.08");
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Routed {
        @Bean
        Quotes quotes() {
            return new Quotes();
        }

        // docs: router
        @Bean
        Router router(Quotes quotes) { // or a SessionHandlerBean, for sessions as they are
            return Router.create()
                    .onRequest(Route.bizType(7), Codec.TEXT, Codec.TEXT, (session, symbol) -> quotes.of(symbol));
        }
        // docs: end
    }

    // docs: kafka-health
    @Bean
    ReactiveHealthIndicator kafkaBridge(KafkaIngest ingest) {
        return () -> ingest.ping(Duration.ofSeconds(2))
                .thenReturn(Health.up().build())
                .onErrorResume(away -> Mono.just(Health.down(away).build()));
    }
    // docs: end

    @Test
    void aBridgeWithoutBrokersIsDown() {
        KafkaIngest ingest = KafkaIngest.of(
                KafkaOptions.of("127.0.0.1:1").closeTimeout(Duration.ofMillis(10)),
                (session, packet) -> KafkaRecord.of("none", packet.payload()));
        Health health = kafkaBridge(ingest).health().block(LIMIT);
        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        ingest.close().block(LIMIT);
    }

    private static ConfigurableApplicationContext run(Class<?> application) {
        String uri = "mem://" + UUID.randomUUID();
        SpringApplication boot = new SpringApplication(application);
        boot.setWebApplicationType(WebApplicationType.NONE);
        boot.setRegisterShutdownHook(false);
        boot.setDefaultProperties(Map.of("msgtrans.server.listen", uri, "msgtrans.client.uri", uri));
        return boot.run("--spring.main.banner-mode=off");
    }

    private static Packet request(int bizType, String payload) {
        return Packet.builder(PacketType.REQUEST)
                .bizType(bizType)
                .payload(payload)
                .build();
    }

    @Test
    void aRouter() {
        try (ConfigurableApplicationContext context = run(Routed.class)) {
            assertThat(context.getBean(SessionPool.class)
                            .request(request(7, "EUR"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("EUR 1.08");
        }
    }

    @Test
    void annotatedMethods() {
        try (ConfigurableApplicationContext context = run(ShopApplication.class)) {
            SessionPool pool = context.getBean(SessionPool.class);
            assertThat(pool.request(request(1, "{\"symbol\":\"EUR\",\"amount\":3}"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("{\"text\":\"3 EUR over mem\"}");
            Packet prices = Route.tag("prices")
                    .packet(PacketType.REQUEST)
                    .payload("GBP")
                    .build();
            assertThat(pool.share(session -> session.requestStream(prices))
                            .map(Packet::payloadText)
                            .take(2)
                            .collectList()
                            .block(LIMIT))
                    .containsExactly("GBP 0", "GBP 1");
        }
    }
}
