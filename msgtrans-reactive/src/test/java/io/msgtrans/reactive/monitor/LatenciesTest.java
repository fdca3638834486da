package io.msgtrans.reactive.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LatenciesTest {

    private final Latencies latencies = new Latencies();

    @Test
    void nothingIsMeasuredWhileNobodyReads() {
        assertThat(latencies.samples(16)).isFalse();
        latencies.record(1000);
        Latencies.Reader reader = latencies.reader();
        assertThat(latencies.samples(17)).isTrue();
        assertThat(reader.take().getTotalCount()).isZero();
        reader.close();
        assertThat(latencies.samples(16)).isFalse();
        assertThat(latencies.isOn()).isFalse();
    }

    @Test
    void eachReaderGetsAll() {
        Latencies.Reader first = latencies.reader();
        Latencies.Reader second = latencies.reader();
        latencies.record(1_000_000);
        assertThat(first.take().getTotalCount()).isEqualTo(1);
        latencies.record(2_000_000);
        assertThat(second.take().getTotalCount()).isEqualTo(2);
        assertThat(first.take().getMaxValue()).isBetween(1_990_000L, 2_020_000L);
        first.close();
        latencies.record(3_000_000);
        assertThat(second.take().getTotalCount()).isEqualTo(1);
        second.close();
    }

    @Test
    void manyAreSampledAndEachStandsForSixteen() {
        Latencies.Reader reader = latencies.reader();
        int id = 0;
        while (latencies.samples(1) && id < 10_000_000) {
            id++;
            latencies.record(5_000);
        }
        assertThat(latencies.samples(32))
                .as("above the rate, one in 16 is measured")
                .isTrue();
        long before = reader.take().getTotalCount();
        latencies.record(5_000);
        assertThat(before).isEqualTo(id);
        assertThat(reader.take().getTotalCount()).isEqualTo(16);
        reader.close();
    }

    @Test
    void whatIsOutOfRangeIsCut() {
        Latencies.Reader reader = latencies.reader();
        latencies.record(-5);
        latencies.record(Long.MAX_VALUE);
        assertThat(reader.take().getTotalCount()).isEqualTo(2);
        reader.close();
    }
}
