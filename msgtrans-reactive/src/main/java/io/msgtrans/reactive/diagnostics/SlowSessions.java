package io.msgtrans.reactive.diagnostics;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionStats;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** Which sessions wait for their peer, for their handler, or write packets one by one. */
final class SlowSessions {

    /** What one session did while it was watched. */
    static final class Watched {
        private final Session session;
        private final SessionStats first;
        private SessionStats last;
        private int full;
        private int stalled;

        Watched(Session session) {
            this.session = session;
            this.first = session.stats();
            this.last = first;
        }

        Session session() {
            return session;
        }

        SessionStats last() {
            return last;
        }

        int full() {
            return full;
        }

        int stalled() {
            return stalled;
        }

        long writes() {
            return last.writes() - first.writes();
        }

        long sent() {
            return last.packetsSent() - first.packetsSent();
        }

        /** Packets that are no answers. */
        long pushed() {
            return sent() - (last.requestsReceived() - first.requestsReceived());
        }
    }

    private static final int SESSIONS = 10_000;

    private final Collection<Session> sessions;
    private final Map<Long, Watched> watched = new HashMap<>();
    private int looks;

    SlowSessions(Collection<Session> sessions) {
        this.sessions = sessions;
    }

    void look() {
        looks++;
        int seen = 0;
        for (Session session : sessions) {
            if (++seen > SESSIONS) {
                return;
            }
            Watched state = watched.computeIfAbsent(session.id(), id -> new Watched(session));
            SessionStats now = session.stats();
            state.last = now;
            state.full += (int) now.full();
            state.stalled += (int) now.stalled();
        }
    }

    /** Those that had a state in most of the looks, worst first. */
    List<Watched> mostly(ToLongFunction<Watched> state) {
        return watched.values().stream()
                .filter(session -> state.applyAsLong(session) * 2 > looks)
                .sorted(Comparator.comparingLong(state).reversed())
                .toList();
    }

    Collection<Watched> all() {
        return watched.values();
    }
}
