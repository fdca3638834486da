package io.msgtrans.reactive.test.spring.shop;

import io.msgtrans.reactive.spring.PacketController;
import io.msgtrans.reactive.spring.PacketMapping;
import jakarta.validation.Valid;
import org.springframework.beans.factory.ObjectProvider;
import reactor.core.publisher.Mono;

/** Takes orders. */
@PacketController
public class Orders {

    private final ObjectProvider<Warehouse> warehouse;

    Orders(ObjectProvider<Warehouse> warehouse) {
        this.warehouse = warehouse;
    }

    @PacketMapping(bizType = 1)
    Mono<Receipt> place(@Valid Order order) {
        Warehouse from = warehouse.getIfAvailable();
        return Mono.just(new Receipt(
                order.amount() + " " + order.symbol() + " from " + (from == null ? "nowhere" : from.name())));
    }
}
