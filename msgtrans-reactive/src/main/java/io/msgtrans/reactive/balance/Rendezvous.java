package io.msgtrans.reactive.balance;

import java.util.List;

/** Every endpoint bids for a key with a number that both determine; the highest bid wins. */
final class Rendezvous {

    private Rendezvous() {}

    static Candidate choose(List<? extends Candidate> candidates, byte[] key) {
        long keyHash = hash(key);
        Candidate winner = candidates.get(0);
        double highest = Double.NEGATIVE_INFINITY;
        for (Candidate candidate : candidates) {
            long mixed = mix(keyHash ^ mix(candidate.endpoint().uri().toString().hashCode()));
            double uniform = ((mixed >>> 11) + 0.5) / (1L << 53); // in (0, 1)
            // The plain weight: one that varies with health would move keys to and fro.
            double bid = -candidate.endpoint().weight() / Math.log(uniform);
            if (bid > highest) {
                winner = candidate;
                highest = bid;
            }
        }
        return winner;
    }

    /** FNV-1a, 64 bits. */
    private static long hash(byte[] key) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : key) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001b3L;
        }
        return hash;
    }

    /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
    private static long mix(long z) {
        long x = (z + 0x9e3779b97f4a7c15L);
        x = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
        return x ^ (x >>> 31);
    }
}
