package io.msgtrans.reactive.test.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.spring.MsgtransActuatorAutoConfiguration;
import io.msgtrans.reactive.spring.MsgtransAutoConfiguration;
import io.msgtrans.reactive.spring.SessionHandlerBean;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What is optional may be absent. */
class SpringClassPathTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Configuration(proxyBeanMethods = false)
    static class Echo {
        @Bean
        SessionHandlerBean handler() {
            return session -> session.send(session.receive().map(packet -> packet.response("still here")));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tools.jackson",
                "org.springframework.web",
                "org.springframework.security",
                "org.springframework.boot.health",
                "org.springframework.boot.actuate",
                "io.micrometer.observation",
                "io.micrometer.core",
                "jakarta.validation"
            })
    void aServerRunsWithout(String packages) {
        String uri = "mem://" + UUID.randomUUID();
        new ApplicationContextRunner()
                .withClassLoader(new FilteredClassLoader(packages))
                .withConfiguration(
                        AutoConfigurations.of(MsgtransAutoConfiguration.class, MsgtransActuatorAutoConfiguration.class))
                .withUserConfiguration(Echo.class)
                .withPropertyValues("msgtrans.server.listen=" + uri, "msgtrans.client.uri=" + uri)
                .run(context -> {
                    assertThat(context).hasNotFailed();
                    assertThat(context.getBean(TransportClient.class)
                                    .connect()
                                    .flatMap(session -> session.request(Packet.request("x")))
                                    .map(Packet::payloadText)
                                    .block(LIMIT))
                            .isEqualTo("still here");
                });
    }
}
