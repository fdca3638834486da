package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.admission.AdmissionOptions;
import io.msgtrans.reactive.admission.AdmissionOptions.OverRate;
import io.msgtrans.reactive.admission.TokenBucket;
import io.netty.util.concurrent.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How much the peer of a session may ask for. Event loop only, but for the bucket of the address, which other sessions share.
 */
public final class Gate {

    private final @Nullable TokenBucket ofSession;
    private final @Nullable TokenBucket ofAddress;
    private final boolean paces;
    private final long shedNanos;

    /** @param ofAddress shared by all sessions of the address, or {@code null} without limit */
    public Gate(AdmissionOptions options, @Nullable TokenBucket ofAddress) {
        this.ofSession = options.sessionRate() == null
                ? null
                : new TokenBucket(options.sessionRate(), Ticker.systemTicker().nanoTime());
        this.ofAddress = ofAddress;
        this.paces = options.overRate() == OverRate.PACE;
        this.shedNanos = options.shedAfter().toNanos();
    }

    /** Nanoseconds until the next packet may be decoded; 0 for at once. */
    long nanosUntilNext(long now) {
        if (!paces) {
            return 0;
        }
        long session = ofSession == null ? 0 : ofSession.nanosUntilNext(now);
        long address = ofAddress == null ? 0 : ofAddress.nanosUntilNext(now);
        return Math.max(session, address);
    }

    /** Takes a packet in; false when it is to be refused. */
    boolean admits(long now) {
        if (!paces) {
            return (ofSession == null || ofSession.tryTake(now)) && (ofAddress == null || ofAddress.tryTake(now));
        }
        // It was let through by nanosUntilNext(); another session may have been as well, which later ones wait for.
        if (ofSession != null) {
            ofSession.take(now);
        }
        if (ofAddress != null) {
            ofAddress.take(now);
        }
        return true;
    }

    /** Nanoseconds after which a request that waits for demand is not delivered any more; 0 for never. */
    long shedNanos() {
        return shedNanos;
    }
}
