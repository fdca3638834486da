package io.msgtrans.reactive.pool;

/**
 * What a pool did so far, and how it stands.
 *
 * @param open sessions that are open or being opened
 * @param idle those that nobody uses
 * @param exclusive those that a caller has for itself
 * @param shared those that callers share
 * @param sharedCalls calls in flight on shared sessions
 * @param waiting callers that wait for a session of their own
 * @param hits callers that found a session open
 * @param misses callers that had to wait for one
 * @param grown how often it grew by a step
 * @param shrunk how often it shrank by a step
 * @param evicted sessions taken out because they were ill, or unneeded
 * @param failed callers that got none: too many waited, or too long, or the connection failed
 */
public record PoolStats(
        int open,
        int idle,
        int exclusive,
        int shared,
        int sharedCalls,
        int waiting,
        long hits,
        long misses,
        long grown,
        long shrunk,
        long evicted,
        long failed) {

    /** The part of callers that found a session open, 0..1; 1 before the first. */
    public double hitRate() {
        return hits + misses == 0 ? 1 : (double) hits / (hits + misses);
    }
}
