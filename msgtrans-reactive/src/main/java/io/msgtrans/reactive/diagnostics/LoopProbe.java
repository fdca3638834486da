package io.msgtrans.reactive.diagnostics;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.netty.util.concurrent.ThreadProperties;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks one event loop again and again for a sign of life, and looks what it does when it does not answer. One thread asks, the event
 * loop answers.
 */
final class LoopProbe {

    /** Longer than a turn of a healthy event loop under full load. */
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(40);

    private final EventExecutor loop;
    private final @Nullable ThreadProperties thread;

    private volatile boolean answered = true;
    // Asking thread only.
    private long askedNanos;
    private int asked;
    private int late;
    private long longestNanos;
    /** Where it was when it was late: the innermost frame that is neither Netty's nor the JDK's, and how often. */
    private final Map<String, Integer> places = new HashMap<>();

    LoopProbe(EventExecutor loop) {
        this.loop = loop;
        this.thread = loop instanceof SingleThreadEventExecutor known ? known.threadProperties() : null;
    }

    /** The thread's id, or -1 when it is not known. */
    long threadId() {
        return thread == null ? -1 : thread.id();
    }

    String threadName() {
        return thread == null ? loop.toString() : thread.name();
    }

    /** Asks when it has answered, and looks when it has not. */
    void look() {
        long now = System.nanoTime();
        if (answered) {
            answered = false;
            askedNanos = now;
            asked++;
            try {
                loop.execute(() -> answered = true);
            } catch (RejectedExecutionException loopIsGone) {
                asked--;
            }
        } else if (now - askedNanos > LATE_NANOS) {
            longestNanos = Math.max(longestNanos, now - askedNanos);
            String place = thread == null ? null : Stacks.place(thread.stackTrace());
            if (place != null) {
                late++;
                places.merge(place, 1, Integer::sum);
            }
        }
    }

    int asked() {
        return asked;
    }

    int late() {
        return late;
    }

    long longestMillis() {
        return TimeUnit.NANOSECONDS.toMillis(longestNanos);
    }

    /** Where it was most often when it was late. */
    @Nullable
    String place() {
        return Stacks.mostOften(places);
    }
}
