package io.msgtrans.reactive.balance;

import io.msgtrans.reactive.Packet;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Chooses the endpoint of the next call. Called by many threads at one time; must not block.
 *
 * <p>Those that compare a cost look at two endpoints, drawn at random, instead of at all: figures are always a little old, and
 * whoever seems best would otherwise get everybody's next call (Mitzenmacher, "The power of two choices in randomized load
 * balancing", 2001). Costs are divided by {@link Candidate#weight()}.
 */
@FunctionalInterface
public interface Balancing {

    /**
     * Chooses one.
     *
     * @param candidates those that may be chosen; at least one
     * @param packet what is to be sent, or what begins the call
     */
    Candidate choose(List<? extends Candidate> candidates, Packet packet);

    /** What counts how much in {@link #adaptive}; the parts add up to 1. */
    record Weights(double latency, double load, double connections) {

        /** For requests that somebody waits for. */
        public static final Weights LATENCY_SENSITIVE = new Weights(0.6, 0.2, 0.2);
        /** For bulk. */
        public static final Weights THROUGHPUT = new Weights(0.2, 0.6, 0.2);
        /** For many sessions that do little. */
        public static final Weights CONNECTION_HEAVY = new Weights(0.2, 0.2, 0.6);

        public Weights {
            if (!(latency >= 0 && load >= 0 && connections >= 0) || Math.abs(latency + load + connections - 1) > 1e-9) {
                throw new IllegalArgumentException(
                        "weights " + latency + ", " + load + ", " + connections + " do not add up to 1");
            }
        }
    }

    /** One after the other, each as often as its weight says. */
    static Balancing roundRobin() {
        return new RoundRobin();
    }

    /** The one with the fewest calls in flight, of all. */
    static Balancing leastOutstanding() {
        return (candidates, packet) -> Costs.leastOfAll(candidates, candidate -> candidate.outstanding() + 1.0);
    }

    /** Of two, the one with fewer calls in flight. */
    static Balancing powerOfTwoChoices() {
        return ofTwo(candidate -> candidate.outstanding() + 1.0);
    }

    /** Of two, the one where the calls in flight and one more would take less time, by the peak-sensitive average. */
    static Balancing peakEwma() {
        return ofTwo(candidate -> (candidate.latencyNanos() + 1) * (candidate.outstanding() + 1));
    }

    /** Of two, the one whose machine has more to spare: processors and sessions count alike. */
    static Balancing resources() {
        return (candidates, packet) -> {
            double mostSessions = Costs.most(candidates, candidate -> candidate.sessions() + 1.0);
            return Costs.lessOfTwo(
                    candidates, candidate -> 0.01 + candidate.cpu() + (candidate.sessions() + 1) / mostSessions);
        };
    }

    /**
     * Of two, the one with the lower score: latency, load (processors and calls in flight) and connections, each in relation to
     * the largest of all, weighted.
     */
    static Balancing adaptive(Weights weights) {
        return (candidates, packet) -> {
            double mostLatency = Costs.most(candidates, candidate -> candidate.latencyNanos() + 1);
            double mostOutstanding = Costs.most(candidates, candidate -> candidate.outstanding() + 1.0);
            double mostSessions = Costs.most(candidates, candidate -> candidate.sessions() + 1.0);
            return Costs.lessOfTwo(
                    candidates,
                    candidate -> weights.latency() * (candidate.latencyNanos() + 1) / mostLatency
                            + weights.load() * (candidate.cpu() + (candidate.outstanding() + 1) / mostOutstanding) / 2
                            + weights.connections() * (candidate.sessions() + 1) / mostSessions);
        };
    }

    /**
     * The same endpoint for the same key, as long as it is there; when one goes, only its keys move, and spread over all others.
     * By weighted rendezvous hashing (Thaler and Ravishankar, 1998; Schindelhauer and Schomaker, 2005).
     */
    static Balancing consistentHash(Function<? super Packet, String> key) {
        return (candidates, packet) ->
                Rendezvous.choose(candidates, key.apply(packet).getBytes(StandardCharsets.UTF_8));
    }

    private static Balancing ofTwo(ToDoubleFunction<Candidate> cost) {
        return (candidates, packet) -> Costs.lessOfTwo(candidates, cost);
    }
}
