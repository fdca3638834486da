package io.msgtrans.reactive.balance;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Pauses between attempts at the same endpoint: 25 ms, doubled each time up to a second, a half more or less. */
final class Backoff {

    private Backoff() {}

    static Duration pause(int attempts) {
        long millis = Math.min(1_000, 25L << Math.min(attempts - 1, 20));
        return Duration.ofMillis((long) (millis * ThreadLocalRandom.current().nextDouble(0.5, 1.5)));
    }
}
