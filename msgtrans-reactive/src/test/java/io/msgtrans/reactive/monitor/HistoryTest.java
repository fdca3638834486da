package io.msgtrans.reactive.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.monitor.History.Resolution;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HistoryTest {

    @Test
    void aDayIsKeptAtThreeResolutions() {
        History history = new History();
        int seconds = 25 * 60 * 60;
        for (int second = 1; second <= seconds; second++) {
            history.add(Snapshots.at(second, second % 60 == 0 ? 900 : 100));
        }
        assertThat(history.series(Resolution.FINE).epochMillis()).hasSize(600).endsWith(seconds * 1000L);
        assertThat(history.series(Resolution.MIDDLE).epochMillis())
                .hasSize(720)
                .startsWith((seconds - 7200 + 10) * 1000L);
        History.Series day = history.series(Resolution.COARSE);
        assertThat(day.epochMillis()).hasSize(1440).startsWith((seconds - 24 * 3600 + 60) * 1000L);
        assertThat(day.values().get(Figure.ANSWER_P99))
                .as("the worst of each minute")
                .allMatch(p99 -> p99 == 900);
        assertThat(day.values().get(Figure.ANSWER_P50))
                .as("the mean of each minute")
                .allMatch(p50 -> Math.abs(p50 - (59 * 25 + 225) / 60.0) < 1e-9);
    }

    @Test
    void lastGivesTheNewestBehindTheOldest() {
        History history = new History();
        for (int second = 1; second <= 700; second++) {
            history.add(Snapshots.at(second, second));
        }
        assertThat(history.last(Figure.ANSWER_P99, Resolution.FINE, 3)).containsExactly(698, 699, 700);
        assertThat(history.last(Figure.ANSWER_P99, Resolution.FINE, 1000))
                .hasSize(600)
                .startsWith(101);
        assertThat(history.last(Figure.ANSWER_P99, Resolution.COARSE, 20)).hasSize(11);
    }

    @Test
    void aSnapshotIsTheSameBehindJson() {
        MonitorSnapshot snapshot = Snapshots.at(5, 123.25);
        assertThat(MonitorSnapshot.fromJson(snapshot.toJson())).isEqualTo(snapshot);
        assertThat(snapshot.protocols()).isEqualTo(Map.copyOf(snapshot.protocols()));
    }
}
