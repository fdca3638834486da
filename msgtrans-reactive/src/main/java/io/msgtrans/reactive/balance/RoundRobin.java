package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.Packet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns by weight that do not come in bursts: each round everybody gains its weight, the richest is chosen and pays what all
 * gained (nginx's "smooth weighted round-robin").
 */
final class RoundRobin implements Balancing {

    // Guarded by this.
    private final Map<Endpoint, Double> credits = new HashMap<>();

    @Override
    public synchronized Candidate choose(List<? extends Candidate> candidates, Packet packet) {
        Candidate richest = candidates.get(0);
        double most = Double.NEGATIVE_INFINITY;
        double sum = 0;
        for (Candidate candidate : candidates) {
            double weight = candidate.weight();
            double credit = credits.merge(candidate.endpoint(), weight, Double::sum);
            sum += weight;
            if (credit > most) {
                richest = candidate;
                most = credit;
            }
        }
        credits.put(richest.endpoint(), most - sum);
        if (credits.size() > 2 * candidates.size()) {
            credits.keySet()
                    .retainAll(candidates.stream().map(Candidate::endpoint).toList());
        }
        return richest;
    }
}
