package io.msgtrans.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotRegistryTest {

    @Test
    void anIdFindsItsValueUntilItIsRemovedAndNeverTheNextOne() {
        SlotRegistry<String> registry = new SlotRegistry<>();
        long first = registry.add("a");
        long second = registry.add("b");
        assertThat(List.of(first, second)).containsExactly(1L, 2L);
        assertThat(registry.get(first)).isEqualTo("a");
        assertThat(registry.remove(first)).isEqualTo("a");
        assertThat(registry.remove(first)).isNull();
        long third = registry.add("c");
        assertThat(third).isNotEqualTo(first);
        assertThat(registry.get(first)).isNull();
        assertThat(registry.get(third)).isEqualTo("c");
        assertThat(registry.values()).containsExactlyInAnyOrder("b", "c").hasSize(2);
        for (long wrong : new long[] {0, -1, 3, Long.MAX_VALUE, Long.MIN_VALUE, first + (5L << 24)}) {
            assertThat(registry.get(wrong)).isNull();
            assertThat(registry.remove(wrong)).isNull();
        }
    }

    @Test
    void aReservedIdFindsNothingAndCanBeGivenBack() {
        SlotRegistry<String> registry = new SlotRegistry<>();
        long reserved = registry.reserve();
        assertThat(registry.get(reserved)).isNull();
        assertThat(registry.size()).isZero();
        assertThat(registry.remove(reserved)).isNull();
        assertThat(registry.add("next") & 0xFFFFFF).isEqualTo(reserved & 0xFFFFFF);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void itDoesWhatAMapDoes(long seed) {
        Random random = new Random(seed);
        SlotRegistry<Integer> registry = new SlotRegistry<>();
        Map<Long, Integer> model = new HashMap<>();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            if (ids.isEmpty() || random.nextInt(5) < 3) {
                long id = registry.add(i);
                assertThat(model.put(id, i)).isNull();
                ids.add(id);
            } else {
                long id = ids.get(random.nextInt(ids.size()));
                assertThat(registry.get(id)).isEqualTo(model.get(id));
                if (random.nextBoolean()) {
                    assertThat(registry.remove(id)).isEqualTo(model.remove(id));
                }
            }
        }
        assertThat(registry.size()).isEqualTo(model.size());
        assertThat(registry.values()).containsExactlyInAnyOrderElementsOf(model.values());
    }

    @Test
    void severalThreadsNeverGetTheSameSlot() throws InterruptedException {
        SlotRegistry<long[]> registry = new SlotRegistry<>();
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 200_000; i++) {
                    long[] value = new long[1];
                    long id = registry.add(value);
                    value[0] = id;
                    if (registry.get(id) != value) {
                        wrong.add("got another");
                    }
                    if (registry.remove(id) != value || registry.get(id) != null) {
                        wrong.add("removed another");
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(30_000);
        }
        assertThat(wrong).isEmpty();
        assertThat(registry.size()).isZero();
    }
}
