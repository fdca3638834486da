package io.msgtrans.reactive.balance;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.ToDoubleFunction;

/** Comparing candidates by what a call would cost there. */
final class Costs {

    private Costs() {}

    static Candidate lessOfTwo(List<? extends Candidate> candidates, ToDoubleFunction<Candidate> cost) {
        int size = candidates.size();
        if (size == 1) {
            return candidates.get(0);
        }
        int first = ThreadLocalRandom.current().nextInt(size);
        int second = ThreadLocalRandom.current().nextInt(size - 1);
        Candidate one = candidates.get(first);
        Candidate other = candidates.get(second < first ? second : second + 1);
        return weighted(one, cost) <= weighted(other, cost) ? one : other;
    }

    static Candidate leastOfAll(List<? extends Candidate> candidates, ToDoubleFunction<Candidate> cost) {
        int size = candidates.size();
        int start = ThreadLocalRandom.current().nextInt(size); // so that equals take turns
        Candidate best = candidates.get(start);
        double least = weighted(best, cost);
        for (int i = 1; i < size; i++) {
            Candidate candidate = candidates.get((start + i) % size);
            double its = weighted(candidate, cost);
            if (its < least) {
                best = candidate;
                least = its;
            }
        }
        return best;
    }

    private static double weighted(Candidate candidate, ToDoubleFunction<Candidate> cost) {
        return cost.applyAsDouble(candidate) / candidate.weight();
    }

    /** One of the keys at random, as often as its part says. */
    static String drawn(Map<String, Double> parts) {
        double sum = parts.values().stream().mapToDouble(Double::doubleValue).sum();
        double point = ThreadLocalRandom.current().nextDouble() * sum;
        String drawn = "";
        for (Map.Entry<String, Double> part : parts.entrySet()) {
            drawn = part.getKey();
            point -= part.getValue();
            if (point < 0) {
                break;
            }
        }
        return drawn;
    }

    static double most(List<? extends Candidate> candidates, ToDoubleFunction<Candidate> figure) {
        double most = 0;
        for (Candidate candidate : candidates) {
            most = Math.max(most, figure.applyAsDouble(candidate));
        }
        return most;
    }
}
