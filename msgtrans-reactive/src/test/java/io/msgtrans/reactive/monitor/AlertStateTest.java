package io.msgtrans.reactive.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlertStateTest {

    private final AlertState state = new AlertState(
            AlertRule.above("p99", "us", 1000, snapshot -> snapshot.answers().p99()), 10_000, 30_000);
    private final List<Alert> changes = new ArrayList<>();
    private long second = 100;

    private void during(int seconds, double p99) {
        for (int i = 0; i < seconds; i++) {
            Alert change = state.next(Snapshots.at(second++, p99));
            if (change != null) {
                changes.add(change);
            }
        }
    }

    @Test
    void aShortSpikeRaisesNothing() {
        during(10, 5000);
        during(1, 500);
        during(10, 5000);
        assertThat(changes).isEmpty();
    }

    @Test
    void whatStaysBadIsRaisedOnceAndClearedWhenItIsWellForAWhile() {
        during(11, 5000);
        assertThat(changes).singleElement().satisfies(alert -> {
            assertThat(alert.raised()).isTrue();
            assertThat(alert.sinceMillis()).isEqualTo(100_000);
            assertThat(alert.message()).isEqualTo("p99 is 5.00 ms, above 1.00 ms");
        });
        during(100, 7000);
        during(20, 950); // below the threshold, and above nine tenths of it
        during(29, 500);
        during(1, 950);
        during(30, 500);
        assertThat(changes).hasSize(1);
        assertThat(state.raised()).isNotNull();
        during(1, 500);
        assertThat(changes).hasSize(2);
        assertThat(changes.get(1).raised()).isFalse();
        assertThat(changes.get(1).worst()).isEqualTo(7000);
        assertThat(state.raised()).isNull();
    }

    @Test
    void whatIsNotKnownIsNotBad() {
        AlertState hits = new AlertState(AlertRule.below("hits", "share", 0.95, MonitorSnapshot::bufferHitRate), 0, 0);
        assertThat(hits.next(Snapshots.at(1, 1))).isNull();
    }

    @Test
    void aRuleThatWouldNeverClearIsRefused() {
        assertThatThrownBy(() -> new AlertRule("x", "us", snapshot -> 1, true, 10, 11))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("clearAt 11.0");
    }
}
