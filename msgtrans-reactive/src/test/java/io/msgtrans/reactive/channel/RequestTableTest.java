package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.monitor.Timings;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.BaseSubscriber;

/** The table beside a map. */
class RequestTableTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final PendingRequests pending =
            new PendingRequests(channel.eventLoop(), 1 << 20, () -> "", () -> {}, new Timings().requests());

    private PendingRequest request(int id) {
        PendingRequest request = new PendingRequest(
                pending, null, Packet.request("x"), null, Duration.ofSeconds(1), new BaseSubscriber<Packet>() {});
        request.id = id;
        return request;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 100, 10_000})
    void itSaysWhatAMapSays(int max) {
        Random random = new Random(max);
        RequestTable table = new RequestTable(max);
        Map<Integer, PendingRequest> model = new HashMap<>();
        int next = Integer.MAX_VALUE - 3000; // over the end of the positive ones
        for (int step = 0; step < 20_000; step++) {
            boolean add = model.size() < max && random.nextInt(100) < 52;
            if (add) {
                int id = random.nextInt(20) == 0 ? random.nextInt() : next++;
                assertThat(table.containsKey(id)).isEqualTo(model.containsKey(id));
                if (!model.containsKey(id)) {
                    PendingRequest request = request(id);
                    table.put(request);
                    model.put(id, request);
                }
            } else {
                List<Integer> ids = List.copyOf(model.keySet());
                int id = ids.isEmpty() || random.nextInt(10) == 0
                        ? random.nextInt()
                        : ids.get(random.nextInt(ids.size()));
                assertThat(table.remove(id)).isSameAs(model.remove(id));
            }
            assertThat(table.isEmpty()).isEqualTo(model.isEmpty());
        }
        assertThat(table.all()).containsExactlyInAnyOrderElementsOf(model.values());
        model.forEach((id, request) -> assertThat(table.get(id)).isSameAs(request));
    }
}
