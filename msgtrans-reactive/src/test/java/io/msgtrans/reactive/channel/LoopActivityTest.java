package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoopActivityTest {

    private final LoopActivity activity = new LoopActivity();

    /** Bursts of a connection; gives what was told for the last one. */
    private int bursts(Object connection, int count, long packets) {
        int told = 0;
        for (int i = 0; i < count; i++) {
            told = activity.flushPackets(connection);
            activity.burst(packets);
        }
        return told;
    }

    @Test
    void amongOthersNobodyIsFlushedEarly() {
        Object one = new Object();
        Object other = new Object();
        for (int i = 0; i < 1000; i++) {
            assertThat(bursts(one, 1, 256)).isEqualTo(LoopActivity.AT_THE_END);
            assertThat(bursts(other, 1, 256)).isEqualTo(LoopActivity.AT_THE_END);
        }
    }

    @Test
    void theOnlyOneIsFlushedByThreeQuartersOfItsLargestBurst() {
        Object one = new Object();
        assertThat(bursts(one, 8, 256)).isEqualTo(LoopActivity.AT_THE_END);
        assertThat(bursts(one, 10, 256)).isEqualTo(32);
        bursts(one, 64, 256);
        assertThat(bursts(one, 1, 100)).isEqualTo(192);
    }

    @Test
    void nowAndThenABurstIsAnsweredAtOnceToSeeWhatIsInFlight() {
        Object one = new Object();
        bursts(one, 100, 256);
        int atTheEnd = 0;
        for (int i = 0; i < 640; i++) {
            atTheEnd += bursts(one, 1, 256) == LoopActivity.AT_THE_END ? 1 : 0;
        }
        assertThat(atTheEnd).isEqualTo(10);
    }

    @Test
    void lessInFlightIsSeenWithinTwoPeriods() {
        Object one = new Object();
        bursts(one, 209, 4096);
        assertThat(bursts(one, 1, 4096)).isEqualTo(3072);
        assertThat(bursts(one, 140, 64)).isEqualTo(48);
        assertThat(bursts(one, 140, 16)).isEqualTo(12);
    }

    @Test
    void whatAFewPacketsSetOffIsNotCutIntoPieces() {
        Object one = new Object();
        bursts(one, 200, 4096);
        assertThat(bursts(one, 140, 2)).isEqualTo(LoopActivity.AT_THE_END);
    }

    @Test
    void anotherConnectionBeginsAnew() {
        Object one = new Object();
        bursts(one, 200, 4096);
        assertThat(bursts(new Object(), 9, 10)).isEqualTo(32);
    }
}
