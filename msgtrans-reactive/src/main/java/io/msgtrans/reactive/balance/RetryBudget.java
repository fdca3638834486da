package io.msgtrans.reactive.balance;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Attempts beyond the first may be a part of all calls at most, so that a failing service is not struck down by its clients
 * (Finagle's {@code RetryBudget}). Each call puts a part of a token in, each further attempt takes one out; some come with time,
 * so that rare calls can be tried again as well.
 */
final class RetryBudget {

    private static final double RESERVE_SECONDS = 10;

    private final double ratio;
    private final double perSecond;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private double tokens;
    private long stampNanos;

    RetryBudget(double ratio, double perSecond, LongSupplier nanoTime) {
        this.ratio = ratio;
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.tokens = perSecond * RESERVE_SECONDS;
        this.stampNanos = nanoTime.getAsLong();
    }

    /** A call begins. */
    synchronized void deposit() {
        tokens = Math.min(tokens + ratio, most());
    }

    /** What may pile up: ten seconds' worth, and a hundred calls'. */
    private double most() {
        return perSecond * RESERVE_SECONDS + 100 * ratio;
    }

    /** Whether a further attempt is within the budget, which pays for it. */
    synchronized boolean withdraw() {
        long now = nanoTime.getAsLong();
        double seconds = (now - stampNanos) / (double) TimeUnit.SECONDS.toNanos(1);
        stampNanos = now;
        tokens = Math.min(tokens + seconds * perSecond, most());
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }
}
