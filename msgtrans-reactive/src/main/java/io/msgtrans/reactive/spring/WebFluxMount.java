package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.websocket.WebSocketMount;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.reactive.DispatcherHandler;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** Sessions on the port of the application's own WebFlux server, at {@code msgtrans.server.web-path}. Needs Boot's Reactor Netty server. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(DispatcherHandler.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnProperty(prefix = "msgtrans.server", name = "web-path")
class WebFluxMount {

    @Bean
    WebSocketMount msgtransMount() {
        return WebSocketMount.create();
    }

    @Bean
    TransportServerCustomizer msgtransMountCustomizer(WebSocketMount mount, TransportServerProperties properties) {
        String uri = "ws://webflux:0" + properties.webPath();
        return server -> server.listen(
                uri,
                endpoint -> MsgtransAutoConfiguration.origins(
                        uri, endpoint.with(WebSocketOptions.MOUNT, mount), properties));
    }

    @Bean
    SimpleUrlHandlerMapping msgtransMapping(WebSocketMount mount, TransportServerProperties properties) {
        WebHandler upgrade = exchange -> upgrade(mount, exchange);
        return new SimpleUrlHandlerMapping(
                Map.of(String.valueOf(properties.webPath()), upgrade), Ordered.HIGHEST_PRECEDENCE);
    }

    /** The user whom the application's own filters found reaches the session; without one the server's authentication decides. */
    private static Mono<Void> upgrade(WebSocketMount mount, ServerWebExchange exchange) {
        Object request = ServerHttpRequestDecorator.getNativeRequest(exchange.getRequest());
        Object response = ServerHttpResponseDecorator.getNativeResponse(exchange.getResponse());
        if (request instanceof HttpServerRequest upgrade && response instanceof HttpServerResponse answer) {
            return exchange.getPrincipal()
                    .map(Optional::of)
                    .defaultIfEmpty(Optional.empty())
                    .flatMap(user -> Mono.from(mount.upgrade(upgrade, answer, user.orElse(null))));
        }
        return Mono.error(new IllegalStateException(
                "msgtrans.server.web-path needs Boot's Reactor Netty server, not " + request.getClass()));
    }
}
