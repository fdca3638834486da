package io.msgtrans.reactive.samples.docs.shop;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.spring.PacketController;
import io.msgtrans.reactive.spring.PacketMapping;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

// docs: controller
@PacketController
public class Orders {

    record Order(@NotBlank String symbol, @Positive int amount) {}

    record Receipt(String text) {}

    private final List<String> notes = new CopyOnWriteArrayList<>();

    @PacketMapping(bizType = 1) // a request: the payload as JSON, answered as JSON
    Mono<Receipt> place(@Valid Order order, Session session) {
        return Mono.just(new Receipt(order.amount() + " " + order.symbol() + " over " + session.scheme()));
    }

    @PacketMapping(tag = "prices") // a stream
    Flux<String> prices(String symbol) {
        return Flux.interval(Duration.ofMillis(10)).map(tick -> symbol + " " + tick);
    }

    @PacketMapping(bizType = 3) // one-way packets
    void note(String text) {
        notes.add(text);
    }
}
// docs: end
