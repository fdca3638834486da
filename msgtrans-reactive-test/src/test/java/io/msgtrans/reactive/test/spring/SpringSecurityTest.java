package io.msgtrans.reactive.test.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.AuthenticationException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.spring.PacketController;
import io.msgtrans.reactive.spring.PacketMapping;
import io.msgtrans.reactive.test.RawPeer;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.method.configuration.EnableReactiveMethodSecurity;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import reactor.core.publisher.Mono;

/** A real WebFlux application with Spring Security: whoever upgrades is the session's principal. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SpringSecurityTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @PacketController
    static class Desk {

        @PacketMapping(bizType = 1)
        String who(Principal principal) {
            return principal.getName();
        }

        @PacketMapping(bizType = 2)
        Mono<String> context() {
            return ReactiveSecurityContextHolder.getContext()
                    .map(context -> String.valueOf(context.getAuthentication().getName()));
        }

        @PreAuthorize("hasRole('TRADER')")
        @PacketMapping(bizType = 3)
        Mono<String> trade(String symbol) {
            return Mono.just("traded " + symbol);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableWebFluxSecurity
    @EnableReactiveMethodSecurity
    @Import(Desk.class)
    static class Secured {

        @Bean
        SecurityWebFilterChain chain(ServerHttpSecurity http) {
            return http.authorizeExchange(exchange -> exchange.anyExchange().authenticated())
                    .httpBasic(Customizer.withDefaults())
                    .csrf(ServerHttpSecurity.CsrfSpec::disable)
                    .build();
        }

        @Bean
        MapReactiveUserDetailsService users() {
            return new MapReactiveUserDetailsService(
                    User.withUsername("anna")
                            .password("{noop}secret")
                            .roles("TRADER")
                            .build(),
                    User.withUsername("ben")
                            .password("{noop}secret")
                            .roles("VIEWER")
                            .build());
        }
    }

    private @Nullable ConfigurableApplicationContext context;

    @BeforeAll
    void start() {
        context = SpringApplications.run(
                WebApplicationType.REACTIVE,
                Secured.class,
                "msgtrans.server.web-path=/feed",
                "msgtrans.server.allowed-origins=https://shop.example");
    }

    @AfterAll
    void stop() {
        if (context != null) {
            context.close();
        }
    }

    private Session connect(String user, String password) {
        String credentials =
                Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        return TransportClient.create("ws://127.0.0.1:" + SpringApplications.port(context) + "/feed")
                .endpoint(endpoint -> endpoint.with(WebSocketOptions.AUTHORIZATION, "Basic " + credentials))
                .connectNow();
    }

    private static String ask(Session session, int bizType) {
        return session.request(Packet.builder(PacketType.REQUEST)
                        .bizType(bizType)
                        .payload("EUR")
                        .build())
                .map(Packet::payloadText)
                .block(LIMIT);
    }

    @Test
    void thePrincipalOfTheUpgradeReachesTheSessionAndItsHandlers() {
        Session anna = connect("anna", "secret");
        assertThat(ask(anna, 1)).isEqualTo("anna");
        assertThat(ask(anna, 2)).isEqualTo("anna");
        anna.dispose();
    }

    @Test
    void onlyPagesOfTheOwnHostAndThoseThatAreNamedGetASession() throws IOException {
        assertThat(upgrade("http://127.0.0.1")).isEqualTo(101);
        assertThat(upgrade("https://shop.example")).isEqualTo(101);
        assertThat(upgrade("https://evil.example")).isEqualTo(403);
    }

    private int upgrade(String origin) throws IOException {
        String credentials = Base64.getEncoder().encodeToString("anna:secret".getBytes(StandardCharsets.UTF_8));
        try (RawPeer peer = RawPeer.connect(URI.create("ws://127.0.0.1:" + SpringApplications.port(context)))) {
            String answer = peer.http("GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: " + origin
                    + "\r\nAuthorization: Basic " + credentials
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            return Integer.parseInt(answer.substring(9, 12));
        }
    }

    @Test
    void methodSecurityDecidesByTheSessionsUser() {
        Session anna = connect("anna", "secret");
        assertThat(ask(anna, 3)).isEqualTo("traded EUR");
        anna.dispose();
        Session ben = connect("ben", "secret");
        assertThatThrownBy(() -> ask(ben, 3))
                .isInstanceOfSatisfying(
                        PeerException.class, error -> assertThat(error.code()).isEqualTo(PeerException.FORBIDDEN));
        assertThat(ask(ben, 1)).as("the session stays").isEqualTo("ben");
        ben.dispose();
    }

    @Test
    void aWrongPasswordIsRefusedBeforeTheUpgrade() {
        assertThatThrownBy(() -> connect("anna", "guess")).isInstanceOf(AuthenticationException.class);
    }
}
