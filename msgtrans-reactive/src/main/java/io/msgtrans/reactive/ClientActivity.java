package io.msgtrans.reactive;

import io.msgtrans.reactive.monitor.Timings;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** The sessions of a client and of those derived from it. */
final class ClientActivity {

    final Timings timings = new Timings();
    private final SessionTally tally = new SessionTally();
    private final Set<Session> open = ConcurrentHashMap.newKeySet();
    private final LongAdder failed = new LongAdder();

    void opened(Session session) {
        tally.opened();
        open.add(session);
        session.onClose().subscribe(reason -> {
            if (open.remove(session)) {
                tally.closed(session);
            }
        });
    }

    void failed() {
        failed.increment();
    }

    ClientStats stats() {
        return new ClientStats(open.size(), tally.openedCount(), failed.sum(), tally.traffic(open));
    }
}
