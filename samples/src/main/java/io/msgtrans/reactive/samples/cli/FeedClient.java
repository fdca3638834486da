package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.diagnostics.Finding;
import io.msgtrans.reactive.monitor.Alert;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Which dashboard to ask, and how: the feed that also serves its page. */
final class FeedClient {

    private static final int INFO = 1;
    private static final int SESSIONS = 3;
    private static final int DIAGNOSE = 6;
    private static final int UPDATE = 100;
    private static final Duration LIMIT = Duration.ofSeconds(75);
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** What comes once a second. */
    record Update(MonitorSnapshot snapshot, List<Alert> alerts) {}

    /** What the server says of itself. */
    record Info(String title, List<String> uris, long startedMillis, int processors, String java) {}

    /** One line of the table of sessions. */
    record SessionRow(
            long id,
            String scheme,
            String remote,
            long packetsIn,
            long packetsOut,
            long bytesIn,
            long bytesOut,
            long queuedBytes,
            boolean full,
            boolean stalled) {}

    /** The first lines of it. */
    record SessionRows(int sessions, List<SessionRow> rows) {}

    private record SessionsQuery(String sort, int limit) {}

    @Parameters(paramLabel = "HOST:PORT", description = "Where the dashboard is: serve --dashboard PORT.")
    private String address = "";

    @Option(names = "--token", paramLabel = "TOKEN", description = "The dashboard's token, if it has one.")
    private String token = "";

    Session connect() {
        TransportClient client = TransportClient.create(
                        "ws://" + address.replaceFirst("^http://", "").replaceFirst("/$", "") + "/feed")
                .session(options -> options.requestTimeout(LIMIT));
        return (token.isEmpty() ? client : client.credentials(() -> Packet.request(token))).connectNow();
    }

    static Flux<Update> updates(Session session) {
        return session.receive().filter(packet -> packet.bizType() == UPDATE).map(packet -> read(packet, Update.class));
    }

    static Mono<Info> info(Session session) {
        return ask(session, INFO, List.of(), Info.class);
    }

    static Mono<SessionRows> sessions(Session session, String sort, int limit) {
        return ask(session, SESSIONS, new SessionsQuery(sort, limit), SessionRows.class);
    }

    static Mono<List<Finding>> diagnose(Session session) {
        return ask(session, DIAGNOSE, List.of(), Finding[].class).map(Arrays::asList);
    }

    private static <T> Mono<T> ask(Session session, int biz, Object query, Class<T> type) {
        Packet request = Packet.builder(PacketType.REQUEST)
                .bizType(biz)
                .payload(MAPPER.writeValueAsBytes(query))
                .build();
        return session.request(request).map(answer -> read(answer, type));
    }

    private static <T> T read(Packet packet, Class<T> type) {
        return MAPPER.readValue(packet.payload(), type);
    }
}
