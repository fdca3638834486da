package io.msgtrans.reactive;

import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/** What sessions of one kind did that are closed, to be added to what the open ones did so far. */
final class SessionTally {

    private final LongAdder opened = new LongAdder();
    private final AtomicReference<SessionStats> closed = new AtomicReference<>(SessionStats.ZERO);

    void opened() {
        opened.increment();
    }

    void closed(Session session) {
        closed.accumulateAndGet(session.stats(), SessionStats::plus);
    }

    long openedCount() {
        return opened.sum();
    }

    SessionStats closedTraffic() {
        return Objects.requireNonNull(closed.get());
    }

    SessionStats traffic(Collection<Session> open) {
        SessionStats sum = closedTraffic();
        for (Session session : open) {
            sum = sum.plus(session.stats());
        }
        return sum;
    }
}
