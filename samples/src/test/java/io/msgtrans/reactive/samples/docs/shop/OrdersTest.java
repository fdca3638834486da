package io.msgtrans.reactive.samples.docs.shop;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.test.spring.TransportTest;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import reactor.test.StepVerifier;

// docs: test
@TransportTest(Orders.class) // or all controllers
class OrdersTest {

    private final SessionPool pool;

    @Autowired
    OrdersTest(SessionPool pool) {
        this.pool = pool;
    }

    @Test
    void isPlaced() {
        Packet order = Packet.builder(PacketType.REQUEST)
                .bizType(1)
                .payload("{\"symbol\":\"EUR\",\"amount\":3}")
                .build();
        StepVerifier.create(pool.request(order).map(Packet::payloadText))
                .expectNext("{\"text\":\"3 EUR over mem\"}")
                .verifyComplete();
    }
}
// docs: end
