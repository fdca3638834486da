package io.msgtrans.reactive;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

/**
 * Until when an answer is of use. Kept in the Reactor {@code Context} under this class as the key: {@link Session#request} of
 * such a subscriber waits no longer, and, with {@link SessionOptions#deadlines}, the peer's handler finds the rest of it in its
 * own context.
 *
 * <pre>{@code
 * session.request(packet).contextWrite(context -> context.put(Deadline.class, Deadline.in(Duration.ofMillis(200))))
 * }</pre>
 *
 * @param nanoTime by the clock of {@link System#nanoTime()}
 */
public record Deadline(long nanoTime) {

    private static final Duration LONGEST = Duration.ofDays(365);

    /** A deadline that passes after some time from now; at most a year. */
    public static Deadline in(Duration time) {
        Duration bounded = time.compareTo(LONGEST) > 0 ? LONGEST : time;
        return new Deadline(System.nanoTime() + bounded.toNanos());
    }

    /** That of a context, or {@code null}. */
    public static @Nullable Deadline of(ContextView context) {
        return context.getOrDefault(Deadline.class, null);
    }

    /** The time left; zero when it has passed. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
    }

    /** Whether there is no time left. */
    public boolean isPassed() {
        return nanoTime - System.nanoTime() <= 0;
    }
}
