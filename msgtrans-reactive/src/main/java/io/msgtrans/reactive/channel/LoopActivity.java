package io.msgtrans.reactive.channel;

import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * Which connections of an event loop are busy. With one busy connection, flushing replies only at the end of a burst
 * makes both peers wait for each other in turn; with many, early flushes only cost system calls. So replies are flushed
 * early where the last bursts of the event loop all came from the same connection.
 */
final class LoopActivity {

    private static final int EXCLUSIVE_BURSTS = 8;

    private static final FastThreadLocal<LoopActivity> CURRENT = new FastThreadLocal<>() {
        @Override
        protected LoopActivity initialValue() {
            return new LoopActivity();
        }
    };

    private @Nullable Object last;
    private int bursts;

    static LoopActivity current() {
        return CURRENT.get();
    }

    /** Notes a burst of a connection and tells whether it is the only one that had any lately. */
    boolean isExclusive(Object connection) {
        if (last != connection) {
            last = connection;
            bursts = 0;
            return false;
        }
        return bursts >= EXCLUSIVE_BURSTS || ++bursts >= EXCLUSIVE_BURSTS;
    }
}
