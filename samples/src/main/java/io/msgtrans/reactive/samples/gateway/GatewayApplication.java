package io.msgtrans.reactive.samples.gateway;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.spring.TransportClientCustomizer;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.client.WebClient;

/** The Spring Boot application. Where it listens and what it calls is in its properties, see {@link Gateway}. */
@SpringBootApplication
public class GatewayApplication {

    /** Browsers, by the symbol that they watch. */
    @Bean
    Groups watchers() {
        return Groups.create();
    }

    /** The pricing server is one of ours: streams and typed errors are agreed on. */
    @Bean
    TransportClientCustomizer ours() {
        return client -> client.endpoint(options -> options.extensions(Extensions.ON));
    }

    @Bean
    WebClient http() {
        return WebClient.create();
    }
}
