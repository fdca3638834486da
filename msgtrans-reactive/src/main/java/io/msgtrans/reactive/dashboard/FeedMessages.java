package io.msgtrans.reactive.dashboard;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.monitor.Alert;
import io.msgtrans.reactive.monitor.Anomaly;
import io.msgtrans.reactive.monitor.Leak;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import io.msgtrans.reactive.monitor.Trend;
import io.msgtrans.reactive.tuning.TunerEvent;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What the feed says, as JSON in packets whose biz type says what it is; {@code docs/observing.md} has them all. */
final class FeedMessages {

    // Biz types of requests, whose answers have the same.
    static final int INFO = 1;
    static final int HISTORY = 2;
    static final int SESSIONS = 3;
    static final int CLOSE_SESSION = 4;
    static final int GROUPS = 5;
    static final int DIAGNOSE = 6;
    static final int BUFFERS = 7;
    /** Biz type of the one-way packets. */
    static final int UPDATE = 100;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    record Info(String title, List<String> uris, long startedMillis, int processors, String java, boolean canClose) {}

    /** Once an interval. */
    record Update(
            MonitorSnapshot snapshot,
            List<Alert> alerts,
            List<Anomaly> anomalies,
            List<Trend> trends,
            List<Leak> leaks,
            List<TunerEvent> recommendations) {}

    record HistoryQuery(String resolution) {}

    record SessionsQuery(@Nullable String sort, int limit) {}

    record CloseQuery(long id) {}

    record GroupRow(String name, int members, long backlog, long broadcasts, long delivered, long dropped) {}

    record SessionRow(
            long id,
            String scheme,
            String remote,
            String principal,
            String health,
            long packetsIn,
            long packetsOut,
            long bytesIn,
            long bytesOut,
            long queuedBytes,
            long waitingPackets,
            long pendingRequests,
            boolean full,
            boolean stalled) {

        static SessionRow of(Session session) {
            SessionStats stats = session.stats();
            return new SessionRow(
                    session.id(),
                    session.scheme(),
                    String.valueOf(session.remoteAddress()).replaceFirst("^/", ""),
                    session.principal() == null
                            ? ""
                            : Objects.toString(session.principal().getName()),
                    session.health().state().name(),
                    stats.packetsReceived(),
                    stats.packetsSent(),
                    stats.bytesReceived(),
                    stats.bytesSent(),
                    stats.queuedBytes(),
                    stats.waitingPackets(),
                    stats.pendingRequests(),
                    stats.full() > 0,
                    stats.stalled() > 0);
        }
    }

    record SessionRows(int sessions, List<SessionRow> rows) {}

    private FeedMessages() {}

    static byte[] json(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    static <T> T read(Packet packet, Class<T> type) {
        try {
            return MAPPER.readValue(packet.payload(), type);
        } catch (JacksonException broken) {
            throw new PeerException(
                    PeerException.BAD_PAYLOAD, "no " + type.getSimpleName() + ": " + broken.getOriginalMessage());
        }
    }
}
