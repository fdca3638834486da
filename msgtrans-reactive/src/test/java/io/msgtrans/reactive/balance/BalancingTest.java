package io.msgtrans.reactive.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.balance.Balancing.Weights;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class BalancingTest {

    private static final int CALLS = 20_000;
    private static final Packet PACKET = Packet.request("?");

    private record Fixed(
            Endpoint endpoint, double weight, int outstanding, double latencyNanos, double cpu, long sessions)
            implements Candidate {

        Fixed(int number, double weight, int outstanding, double latencyNanos, double cpu, long sessions) {
            this(
                    Endpoint.of("tcp://10.0.0." + number + ":7").weight(weight),
                    weight,
                    outstanding,
                    latencyNanos,
                    cpu,
                    sessions);
        }

        int number() {
            return Integer.parseInt(endpoint.uri().getHost().substring(7));
        }
    }

    private static Fixed plain(int number, double weight) {
        return new Fixed(number, weight, 0, 0, 0, 0);
    }

    /** Which part of the calls each gets. */
    private static Map<Integer, Double> parts(Balancing balancing, List<Fixed> candidates) {
        Map<Integer, Double> parts = new HashMap<>();
        for (int i = 0; i < CALLS; i++) {
            Candidate chosen = balancing.choose(candidates, Packet.request("key-" + i));
            parts.merge(((Fixed) chosen).number(), 1.0 / CALLS, Double::sum);
        }
        return parts;
    }

    private static Offset<Double> about() {
        return Offset.offset(0.02);
    }

    @Test
    void roundRobinGoesByWeightWithoutBursts() {
        List<Fixed> three = List.of(plain(1, 5), plain(2, 1), plain(3, 1));
        Balancing balancing = Balancing.roundRobin();
        List<Integer> order = IntStream.range(0, 7)
                .mapToObj(i -> ((Fixed) balancing.choose(three, PACKET)).number())
                .toList();
        assertThat(order).containsExactly(1, 1, 2, 1, 3, 1, 1);
        assertThat(parts(balancing, three).get(1)).isCloseTo(5 / 7.0, about());
    }

    @Test
    void leastOutstandingLooksAtAllAndEqualsTakeTurns() {
        List<Fixed> four = List.of(
                new Fixed(1, 1, 3, 0, 0, 0),
                new Fixed(2, 1, 2, 0, 0, 0),
                new Fixed(3, 1, 9, 0, 0, 0),
                new Fixed(4, 1, 2, 0, 0, 0));
        Map<Integer, Double> parts = parts(Balancing.leastOutstanding(), four);
        assertThat(parts.keySet()).containsExactlyInAnyOrder(2, 4);
        assertThat(parts.get(2)).isBetween(0.2, 0.8);
        assertThat(parts(
                        Balancing.leastOutstanding(),
                        List.of(new Fixed(1, 10, 5, 0, 0, 0), new Fixed(2, 1, 1, 0, 0, 0))))
                .as("six to ten is less than two to one")
                .containsOnlyKeys(1);
    }

    @Test
    void ofTwoTheLessLoadedOneIsTaken() {
        List<Fixed> three =
                List.of(new Fixed(1, 1, 0, 0, 0, 0), new Fixed(2, 1, 1, 0, 0, 0), new Fixed(3, 1, 2, 0, 0, 0));
        Map<Integer, Double> parts = parts(Balancing.powerOfTwoChoices(), three);
        assertThat(parts.get(1)).isCloseTo(2 / 3.0, about()); // of three pairs it is in two
        assertThat(parts.get(2)).isCloseTo(1 / 3.0, about());
        assertThat(parts).doesNotContainKey(3);
    }

    @Test
    void peakEwmaWeighsLatencyWithWhatIsInFlight() {
        List<Fixed> two = List.of(new Fixed(1, 1, 9, 1_000, 0, 0), new Fixed(2, 1, 0, 8_000, 0, 0));
        assertThat(parts(Balancing.peakEwma(), two)).containsOnlyKeys(2);
        List<Fixed> idle = List.of(new Fixed(1, 1, 0, 1_000, 0, 0), new Fixed(2, 1, 0, 8_000, 0, 0));
        assertThat(parts(Balancing.peakEwma(), idle)).containsOnlyKeys(1);
    }

    @Test
    void resourcesGoByProcessorsAndSessions() {
        List<Fixed> two = List.of(new Fixed(1, 1, 0, 0, 0.9, 10), new Fixed(2, 1, 0, 0, 0.1, 10));
        assertThat(parts(Balancing.resources(), two)).containsOnlyKeys(2);
        List<Fixed> crowded = List.of(new Fixed(1, 1, 0, 0, 0.1, 10), new Fixed(2, 1, 0, 0, 0.1, 1000));
        assertThat(parts(Balancing.resources(), crowded)).containsOnlyKeys(1);
    }

    @Test
    void theAdaptiveScoreGoesByItsWeights() {
        Fixed fastAndCrowded = new Fixed(1, 1, 4, 1_000, 0.5, 1_000);
        Fixed slowAndEmpty = new Fixed(2, 1, 4, 10_000, 0.5, 10);
        List<Fixed> two = List.of(fastAndCrowded, slowAndEmpty);
        assertThat(parts(Balancing.adaptive(Weights.LATENCY_SENSITIVE), two)).containsOnlyKeys(1);
        assertThat(parts(Balancing.adaptive(Weights.CONNECTION_HEAVY), two)).containsOnlyKeys(2);
        List<Fixed> busy = List.of(new Fixed(1, 1, 90, 1_000, 0.9, 10), new Fixed(2, 1, 1, 1_500, 0.1, 10));
        assertThat(parts(Balancing.adaptive(Weights.THROUGHPUT), busy)).containsOnlyKeys(2);
        assertThatThrownBy(() -> new Weights(0.5, 0.5, 0.5)).hasMessage("weights 0.5, 0.5, 0.5 do not add up to 1");
    }

    @Test
    void aConsistentHashSpreadsByWeightAndMovesOnlyTheKeysOfTheOneThatGoes() {
        Balancing balancing = Balancing.consistentHash(Packet::payloadText);
        List<Fixed> four = List.of(plain(1, 1), plain(2, 1), plain(3, 1), plain(4, 2));
        Map<Integer, Double> parts = parts(balancing, four);
        assertThat(parts.get(1)).isCloseTo(0.2, about());
        assertThat(parts.get(4)).isCloseTo(0.4, about());
        List<Fixed> three = four.subList(0, 3);
        int moved = 0;
        for (int i = 0; i < CALLS; i++) {
            Packet packet = Packet.request("key-" + i);
            int before = ((Fixed) balancing.choose(four, packet)).number();
            int after = ((Fixed) balancing.choose(three, packet)).number();
            assertThat(before == 4 || before == after).isTrue();
            moved += before == after ? 0 : 1;
        }
        assertThat((double) moved / CALLS).isCloseTo(0.4, about());
    }

    @Test
    void aPeakCountsAtOnceAndFadesInTime() {
        PeakEwma latency = new PeakEwma();
        long second = TimeUnit.SECONDS.toNanos(1);
        latency.observe(1_000, second);
        latency.observe(50_000, 2 * second);
        assertThat(latency.value(2 * second)).isEqualTo(50_000);
        latency.observe(1_000, 3 * second);
        assertThat(latency.value(3 * second)).isCloseTo(50_000 * 0.905 + 1_000 * 0.095, Offset.offset(100.0));
        assertThat(latency.value(60 * second)).isLessThan(1_000);
    }

    @Test
    void theRetryBudgetIsAPartOfTheCallsAndSomeInTime() {
        AtomicLong nanos = new AtomicLong();
        RetryBudget budget = new RetryBudget(0.2, 1, nanos::get);
        assertThat(withdrawn(budget)).isEqualTo(10); // the reserve
        for (int i = 0; i < 52; i++) {
            budget.deposit();
        }
        assertThat(withdrawn(budget)).isEqualTo(10);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(3));
        assertThat(withdrawn(budget)).isEqualTo(3);
        for (int i = 0; i < 100_000; i++) {
            budget.deposit();
        }
        assertThat(withdrawn(budget)).as("it does not pile up without bound").isEqualTo(30);
    }

    private static int withdrawn(RetryBudget budget) {
        int withdrawn = 0;
        while (budget.withdraw()) {
            withdrawn++;
        }
        return withdrawn;
    }
}
