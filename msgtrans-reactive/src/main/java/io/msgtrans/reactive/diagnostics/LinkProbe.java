package io.msgtrans.reactive.diagnostics;

import io.msgtrans.reactive.LinkStats;
import io.msgtrans.reactive.Session;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** What the network did under some sessions from one moment to another. */
final class LinkProbe {

    private static final int SESSIONS = 500;
    private static final Duration LIMIT = Duration.ofSeconds(2);
    /** Of TCP the kernel does not tell how many segments were sent; this is a usual payload of one. */
    private static final int SEGMENT_BYTES = 1448;

    /**
     * The sum over sessions that were open all the time.
     *
     * @param sent packets of the network; an estimate for TCP
     * @param retransmitted how many of them were sent again
     * @param worst the session with the most
     * @param rtt the longest round trip
     */
    record Loss(long sent, long retransmitted, String worst, Duration rtt) {}

    private record State(Session session, LinkStats link, long bytes) {}

    private final Collection<Session> sessions;
    private final Map<Long, State> before;

    LinkProbe(Collection<Session> sessions) {
        this.sessions = sessions;
        this.before = look();
    }

    private Map<Long, State> look() {
        Map<Long, State> found = new HashMap<>();
        Flux.fromIterable(sessions)
                .take(SESSIONS)
                .flatMap(LinkProbe::withLink, SESSIONS)
                .take(LIMIT) // one on a blocked event loop does not answer, and that is for others to tell
                .doOnNext(both -> found.put(
                        both.getT1().id(),
                        new State(
                                both.getT1(), both.getT2(), both.getT1().stats().bytesSent())))
                .blockLast();
        return found;
    }

    private static Flux<Tuple2<Session, LinkStats>> withLink(Session session) {
        return session.link()
                .map(link -> Tuples.of(session, link))
                .onErrorComplete()
                .flux();
    }

    Loss loss() {
        long sent = 0;
        long retransmitted = 0;
        long most = 0;
        String worst = "";
        Duration rtt = Duration.ZERO;
        for (State now : look().values()) {
            State old = before.get(now.session().id());
            if (old == null) {
                continue;
            }
            long again = now.link().retransmitted() - old.link().retransmitted();
            sent += now.link().sent() > 0
                    ? now.link().sent() - old.link().sent()
                    : (now.bytes() - old.bytes()) / SEGMENT_BYTES + again;
            retransmitted += again;
            if (again > most) {
                most = again;
                worst = Objects.toString(now.session()) + ": " + again + " sent again, round trip "
                        + now.link().rtt().toNanos() / 1000 + " us";
            }
            rtt = now.link().rtt().compareTo(rtt) > 0 ? now.link().rtt() : rtt;
        }
        return new Loss(sent, retransmitted, worst, rtt);
    }
}
