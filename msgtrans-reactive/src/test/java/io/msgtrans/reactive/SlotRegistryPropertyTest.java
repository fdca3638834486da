package io.msgtrans.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** The registry beside a map: the same values under the same ids, and no id that was in use before. */
class SlotRegistryPropertyTest {

    /** @param steps adds a value, or removes the one that the number says */
    @Property
    void itIsAsAMap(@ForAll @Size(max = 300) List<Integer> steps) {
        SlotRegistry<Integer> registry = new SlotRegistry<>();
        Map<Long, Integer> model = new HashMap<>();
        List<Long> everGiven = new ArrayList<>();
        for (int step : steps) {
            if (step % 3 != 0 || everGiven.isEmpty()) {
                long id = registry.add(step);
                assertThat(everGiven).doesNotContain(id);
                everGiven.add(id);
                model.put(id, step);
            } else {
                long id = everGiven.get(Math.floorMod(step, everGiven.size()));
                assertThat(registry.remove(id)).isEqualTo(model.remove(id));
            }
            assertThat(registry.size()).isEqualTo(model.size());
        }
        for (long id : everGiven) {
            assertThat(registry.get(id)).isEqualTo(model.get(id));
        }
        assertThat(registry.values()).containsExactlyInAnyOrderElementsOf(model.values());
    }
}
