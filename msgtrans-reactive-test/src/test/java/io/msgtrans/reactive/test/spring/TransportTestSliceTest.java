package io.msgtrans.reactive.test.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.test.spring.shop.Notes;
import io.msgtrans.reactive.test.spring.shop.Orders;
import io.msgtrans.reactive.test.spring.shop.ShopApplication;
import io.msgtrans.reactive.test.spring.shop.Warehouse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.ContextConfiguration;

/** The slice, on a small application. */
@TransportTest(Orders.class)
@ContextConfiguration(classes = ShopApplication.class)
class TransportTestSliceTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final ApplicationContext context;
    private final SessionPool pool;

    @Autowired
    TransportTestSliceTest(ApplicationContext context, SessionPool pool) {
        this.context = context;
        this.pool = pool;
    }

    private static Packet order(String json) {
        return Packet.builder(PacketType.REQUEST).bizType(1).payload(json).build();
    }

    @Test
    void theControllerAnswersWithoutTheRestOfTheApplication() {
        assertThat(pool.request(order("{\"symbol\":\"EUR\",\"amount\":3}"))
                        .map(Packet::payloadText)
                        .block(LIMIT))
                .isEqualTo("{\"text\":\"3 EUR from nowhere\"}");
        assertThat(context.getBeanNamesForType(Warehouse.class)).isEmpty();
        assertThat(context.getBeanNamesForType(Notes.class)).isEmpty();
    }

    @Test
    void whatIsNotValidIsAnsweredWithEachFault() {
        assertThatThrownBy(() ->
                        pool.request(order("{\"symbol\":\"\",\"amount\":-3}")).block(LIMIT))
                .isInstanceOfSatisfying(PeerException.class, error -> {
                    assertThat(error.code()).isEqualTo(PeerException.BAD_PAYLOAD);
                    assertThat(error).hasMessageContaining("amount must be greater than 0; symbol must not be blank");
                });
    }
}
