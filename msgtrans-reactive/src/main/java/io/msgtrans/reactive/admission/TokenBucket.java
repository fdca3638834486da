package io.msgtrans.reactive.admission;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * So many per second, and so many at once. By the generic cell rate algorithm (ITU-T I.371): one number, the time at which the
 * bucket would be full again, says everything, so that threads need no lock.
 */
public final class TokenBucket {

    private final Rate rate;
    private final long intervalNanos;
    private final long toleranceNanos;
    private final AtomicLong fullAtNanos;

    /** A full bucket, at a time of the clock by which it is asked later, that of event loops. */
    public TokenBucket(Rate rate, long nowNanos) {
        this.rate = rate;
        this.intervalNanos = Math.max(1, (long) (TimeUnit.SECONDS.toNanos(1) / rate.perSecond()));
        this.toleranceNanos = intervalNanos * (rate.burst() - 1L);
        this.fullAtNanos = new AtomicLong(nowNanos);
    }

    /** Takes a token if there is one. */
    public boolean tryTake(long nowNanos) {
        while (true) {
            long fullAt = fullAtNanos.get();
            long base = fullAt - nowNanos > 0 ? fullAt : nowNanos;
            if (base - nowNanos > toleranceNanos) {
                return false;
            }
            if (fullAtNanos.compareAndSet(fullAt, base + intervalNanos)) {
                return true;
            }
        }
    }

    /** Takes a token that may come only later. */
    public void take(long nowNanos) {
        fullAtNanos.updateAndGet(fullAt -> (fullAt - nowNanos > 0 ? fullAt : nowNanos) + intervalNanos);
    }

    /** Nanoseconds until there is a token; 0 when there is one. */
    public long nanosUntilNext(long nowNanos) {
        return Math.max(0, fullAtNanos.get() - nowNanos - toleranceNanos);
    }

    /** Whether nothing was taken for so long that a new bucket would be the same. */
    public boolean isFull(long nowNanos) {
        return fullAtNanos.get() - nowNanos <= 0;
    }

    public Rate rate() {
        return rate;
    }
}
