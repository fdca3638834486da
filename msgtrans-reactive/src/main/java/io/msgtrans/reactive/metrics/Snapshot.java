package io.msgtrans.reactive.metrics;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One look at the figures for all meters of a scrape, which read them one by one. */
final class Snapshot<T> {

    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Supplier<T> look;
    // Guarded by this.
    private @Nullable T last;
    private long lastNanos;

    Snapshot(Supplier<T> look) {
        this.look = look;
    }

    synchronized T get() {
        T present = last;
        long now = System.nanoTime();
        if (present == null || now - lastNanos > FRESH_NANOS) {
            present = look.get();
            last = present;
            lastNanos = now;
        }
        return present;
    }
}
