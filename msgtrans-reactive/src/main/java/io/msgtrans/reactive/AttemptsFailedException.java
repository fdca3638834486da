package io.msgtrans.reactive;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/** A call was tried several times, and all attempts failed. {@link #kind()} and cause are those of the last one. */
public final class AttemptsFailedException extends TransportException {

    private static final long serialVersionUID = 1L;

    /**
     * One attempt.
     *
     * @param uri where
     * @param error how it ended
     * @param after how long it took
     */
    public record Attempt(URI uri, Throwable error, Duration after) {}

    private final transient List<Attempt> attempts;

    /**
     * @param why why there was no further attempt
     * @param attempts what was tried, in order; not empty
     */
    public AttemptsFailedException(String why, List<Attempt> attempts) {
        super(kindOf(last(attempts)), message(why, attempts), last(attempts));
        this.attempts = List.copyOf(attempts);
        attempts.stream()
                .map(Attempt::error)
                .filter(error -> error != getCause())
                .distinct()
                .forEach(this::addSuppressed);
    }

    private static Throwable last(List<Attempt> attempts) {
        return attempts.get(attempts.size() - 1).error();
    }

    private static Kind kindOf(Throwable error) {
        return error instanceof TransportException failed ? failed.kind() : Kind.RECOVERABLE;
    }

    private static String message(String why, List<Attempt> attempts) {
        StringBuilder message = new StringBuilder("failed after " + attempts.size() + " attempts (" + why + "): ");
        for (Attempt attempt : attempts) {
            message.append(attempt.uri())
                    .append(" after ")
                    .append(attempt.after().toMillis())
                    .append(" ms: ")
                    .append(attempt.error().getMessage())
                    .append("; ");
        }
        return message.substring(0, message.length() - 2);
    }

    /** What was tried, in order. */
    public List<Attempt> attempts() {
        return attempts;
    }
}
