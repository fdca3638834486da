package io.msgtrans.reactive.samples.gateway;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.spring.PacketController;
import io.msgtrans.reactive.spring.PacketMapping;
import jakarta.validation.Valid;
import java.time.Duration;
import java.util.Map;
import org.springframework.core.env.Environment;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Mono;

/** Packets in: browsers watch symbols, and notes of devices go out over HTTP. */
@PacketController
final class PacketHandlers {

    /** Longer than the archive may take. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Groups watchers;
    private final WebClient http;
    private final Environment environment;

    PacketHandlers(Groups watchers, WebClient http, Environment environment) {
        this.watchers = watchers;
        this.http = http;
        this.environment = environment;
    }

    /** From a browser, over the web port: quotes of this symbol come from now on. */
    @PacketMapping(bizType = 10)
    void watch(String symbol, Session session) {
        watchers.group(symbol).join(session);
    }

    /** From a device, over TCP: answered with what the archive answered. */
    @PacketMapping(bizType = 20)
    Mono<Map<String, Object>> note(@Valid Note note) {
        return http.post()
                .uri(environment.getRequiredProperty("gateway.archive"))
                .bodyValue(note)
                .retrieve()
                .bodyToMono(Archive.Receipt.class)
                .timeout(LIMIT)
                .map(receipt -> Map.of("number", receipt.number()));
    }
}
