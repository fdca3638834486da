package io.msgtrans.reactive.test.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.pool.SessionPool;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What Actuator shows of a real WebFlux application. */
class SpringActuatorTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration(
            exclude = {ReactiveWebSecurityAutoConfiguration.class, ReactiveManagementWebSecurityAutoConfiguration.class
            })
    static class Observed {
        @Bean
        Router router() {
            return Router.create()
                    .onRequest(Route.bizType(7), Codec.TEXT, Codec.TEXT, (session, text) -> Mono.just("re " + text));
        }
    }

    private static JsonNode get(ConfigurableApplicationContext context, String path) {
        String body = HttpClient.newConnection()
                .get()
                .uri("http://127.0.0.1:" + SpringApplications.port(context) + path)
                .responseContent()
                .aggregate()
                .asString()
                .block(LIMIT);
        return JsonMapper.shared().readTree(body);
    }

    private static Packet request() {
        return Packet.builder(PacketType.REQUEST).bizType(7).payload("x").build();
    }

    private static String[] properties(String... more) {
        String[] all = new String[more.length + 2];
        System.arraycopy(more, 0, all, 2, more.length);
        all[0] = "management.endpoints.web.exposure.include=health,info,metrics";
        all[1] = "management.endpoint.health.show-details=always";
        return all;
    }

    @Test
    void healthInfoMetersAndObservationsAreThere() {
        String uri = "mem://" + UUID.randomUUID();
        try (ConfigurableApplicationContext context = SpringApplications.run(
                WebApplicationType.REACTIVE,
                Observed.class,
                properties("msgtrans.server.listen=" + uri, "msgtrans.client.uri=" + uri))) {
            assertThat(context.getBean(SessionPool.class)
                            .request(request())
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("re x");
            JsonNode health = get(context, "/actuator/health");
            assertThat(health.at("/status").asString()).isEqualTo("UP");
            assertThat(health.at("/components/msgtransServer/details/listening/0")
                            .asString())
                    .isEqualTo(uri);
            assertThat(health.at("/components/msgtransServer/details/sessions").asInt())
                    .isPositive();
            assertThat(health.at("/components/msgtransClient/status").asString())
                    .isEqualTo("UP");
            assertThat(get(context, "/actuator/info").at("/msgtrans/accepted").asInt())
                    .isPositive();
            JsonNode meters = get(context, "/actuator/metrics/msgtrans.server.sessions");
            assertThat(meters.at("/measurements/0/value").asDouble()).isPositive();
            MeterRegistry registry = context.getBean(MeterRegistry.class);
            assertThat(registry.find("msgtrans.request.handled").timers())
                    .as("observations become timers")
                    .isNotEmpty();
        }
    }

    @Test
    void aClientWhoseServerIsAwayIsDown() {
        String uri = "mem://" + UUID.randomUUID();
        try (ConfigurableApplicationContext context = SpringApplications.run(
                WebApplicationType.REACTIVE,
                Observed.class,
                properties("msgtrans.client.uri=" + uri, "msgtrans.client.connect-timeout=500ms"))) {
            JsonNode health = get(context, "/actuator/health");
            assertThat(health.at("/status").asString()).isEqualTo("DOWN");
            assertThat(health.at("/components/msgtransClient/details/error").asString())
                    .contains("cannot connect");
        }
    }

    @Test
    void severalServersMakeABalancer() {
        String first = "mem://" + UUID.randomUUID();
        String second = "mem://" + UUID.randomUUID();
        try (ConfigurableApplicationContext context = SpringApplications.run(
                WebApplicationType.REACTIVE,
                Observed.class,
                properties(
                        "msgtrans.server.listen[0]=" + first,
                        "msgtrans.server.listen[1]=" + second,
                        "msgtrans.client.uris=" + first + "," + second))) {
            Balancer balancer = context.getBean(Balancer.class);
            assertThat(balancer.request(request()).map(Packet::payloadText).block(LIMIT))
                    .isEqualTo("re x");
            assertThat(balancer.request(request()).map(Packet::payloadText).block(LIMIT))
                    .isEqualTo("re x");
            JsonNode health = get(context, "/actuator/health");
            assertThat(health.at("/components/msgtransBalancer/details/available")
                            .asInt())
                    .isEqualTo(2);
            assertThat(context.getBean(MeterRegistry.class)
                            .find("msgtrans.balancer.endpoints")
                            .gauges())
                    .isNotEmpty();
        }
    }
}
