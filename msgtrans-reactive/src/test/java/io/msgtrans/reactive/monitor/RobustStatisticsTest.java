package io.msgtrans.reactive.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RobustStatisticsTest {

    @Test
    void medianAndDeviationIgnoreAWildValue() {
        double[] values = {1, 2, 3, 4, 1000};
        assertThat(RobustStatistics.median(values)).isEqualTo(3);
        assertThat(RobustStatistics.deviation(values, 3)).isEqualTo(1);
        assertThat(RobustStatistics.median(new double[] {1, 2, 3, 4})).isEqualTo(2.5);
    }

    @Test
    void slopeIsThatOfTheLineBelowTheNoise() {
        Random random = new Random(7);
        double[] values = new double[60];
        for (int i = 0; i < values.length; i++) {
            values[i] = 5 + 0.5 * i + random.nextGaussian() + (i % 20 == 0 ? 100 : 0);
        }
        assertThat(RobustStatistics.slope(values)).isCloseTo(0.5, within(0.05));
        assertThat(RobustStatistics.trend(values)).isGreaterThan(3.1);
    }

    @Test
    void noiseHasNoTrend() {
        Random random = new Random(11);
        double[] values = random.doubles(60).toArray();
        assertThat(Math.abs(RobustStatistics.trend(values))).isLessThan(2.33);
        assertThat(RobustStatistics.trend(new double[60])).isZero();
    }

    @Test
    void theTestOfMannAndKendallGivesTheKnownValue() {
        // S = 45 of n = 10, whose variance is 10 * 9 * 25 / 18 = 125.
        double[] rising = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        assertThat(RobustStatistics.trend(rising)).isCloseTo(44 / Math.sqrt(125), within(1e-9));
    }

    @Test
    void scoreIsThatOfIglewiczAndHoaglin() {
        assertThat(RobustStatistics.score(10, 4, 2, 0)).isCloseTo(0.6745 * 6 / 2, within(1e-9));
        assertThat(RobustStatistics.score(10, 4, 0, 3)).isCloseTo(0.6745 * 2, within(1e-9));
    }
}
