package io.msgtrans.reactive.dashboard;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.dashboard.FeedMessages.CloseQuery;
import io.msgtrans.reactive.dashboard.FeedMessages.GroupRow;
import io.msgtrans.reactive.dashboard.FeedMessages.HistoryQuery;
import io.msgtrans.reactive.dashboard.FeedMessages.Info;
import io.msgtrans.reactive.dashboard.FeedMessages.SessionRow;
import io.msgtrans.reactive.dashboard.FeedMessages.SessionRows;
import io.msgtrans.reactive.dashboard.FeedMessages.SessionsQuery;
import io.msgtrans.reactive.dashboard.FeedMessages.Update;
import io.msgtrans.reactive.diagnostics.Diagnosis;
import io.msgtrans.reactive.diagnostics.Finding;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupStats;
import io.msgtrans.reactive.monitor.History.Resolution;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;

/** What a viewer gets: an update each time the monitor looks, and answers to what it asks. */
final class DashboardFeed {

    private static final Logger log = Loggers.getLogger(DashboardFeed.class);
    private static final int MOST_ROWS = 500;
    /** So that a viewer that waits for a diagnosis still sees its tables. */
    private static final int CONCURRENT_ANSWERS = 4;

    private final Monitor monitor;
    private final DashboardOptions options;
    /** One for all viewers. */
    private final Flux<byte[]> updates;
    /** Also one for all who ask at the same time. */
    private final Mono<List<Finding>> diagnosis;

    DashboardFeed(Monitor monitor, DashboardOptions options) {
        this.monitor = monitor;
        this.options = options;
        this.updates = monitor.snapshots()
                .onBackpressureLatest()
                .publishOn(Schedulers.boundedElastic(), 1)
                .map(snapshot -> FeedMessages.json(update(snapshot)))
                .publish(1)
                .refCount();
        this.diagnosis = Diagnosis.of(monitor, options.diagnosisTime())
                .flux()
                .publish(1)
                .refCount()
                .single();
    }

    Publisher<Void> handle(Session viewer) {
        Mono<Void> pushed = viewer.send(updates.onBackpressureLatest()
                .map(json -> Packet.builder(PacketType.ONE_WAY)
                        .bizType(FeedMessages.UPDATE)
                        .payload(json)
                        .build()));
        Mono<Void> answered = viewer.receive()
                .filter(packet -> packet.type() == PacketType.REQUEST)
                .flatMap(request -> answer(viewer, request), CONCURRENT_ANSWERS)
                .then();
        return Mono.when(pushed, answered);
    }

    private Mono<Void> answer(Session viewer, Packet request) {
        return Mono.defer(() -> result(request))
                .subscribeOn(Schedulers.boundedElastic())
                .map(FeedMessages::json)
                .onErrorResume(error -> Mono.just(FeedMessages.json(refusal(request, error))))
                .flatMap(json -> viewer.reply(request, json));
    }

    /** @param error why there is no answer */
    private record Refusal(String error) {}

    private static Refusal refusal(Packet request, Throwable error) {
        if (!(error instanceof PeerException)) {
            log.warn("a viewer's request with biz type {} failed", request.bizType(), error);
        }
        return new Refusal(String.valueOf(error.getMessage()));
    }

    private Mono<?> result(Packet request) {
        return switch (request.bizType()) {
            case FeedMessages.INFO -> Mono.just(info());
            case FeedMessages.HISTORY ->
                Mono.just(monitor.history()
                        .series(resolution(
                                FeedMessages.read(request, HistoryQuery.class).resolution())));
            case FeedMessages.SESSIONS -> Mono.just(sessions(FeedMessages.read(request, SessionsQuery.class)));
            case FeedMessages.CLOSE_SESSION ->
                Mono.just(close(FeedMessages.read(request, CloseQuery.class).id()));
            case FeedMessages.GROUPS -> Mono.just(groups());
            case FeedMessages.DIAGNOSE -> diagnosis;
            case FeedMessages.BUFFERS ->
                Mono.justOrEmpty(monitor.buffers()).cast(Object.class).defaultIfEmpty(List.of());
            default ->
                Mono.error(new PeerException(
                        PeerException.NO_HANDLER, "biz type " + request.bizType() + " means nothing here"));
        };
    }

    private static Resolution resolution(String name) {
        return Arrays.stream(Resolution.values())
                .filter(resolution -> resolution.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new PeerException(
                        PeerException.BAD_PAYLOAD, "resolution is none of " + Arrays.toString(Resolution.values())));
    }

    private Info info() {
        return new Info(
                options.title(),
                monitor.server().uris().stream().map(URI::toString).toList(),
                ManagementFactory.getRuntimeMXBean().getStartTime(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.vm.name") + " " + Runtime.version(),
                options.closeSessions());
    }

    private Update update(MonitorSnapshot snapshot) {
        return new Update(
                snapshot,
                monitor.activeAlerts(),
                monitor.anomalies(),
                monitor.trends(),
                monitor.leaks(),
                options.recommendations());
    }

    /** The first rows by a column, without sorting all sessions. */
    private SessionRows sessions(SessionsQuery query) {
        Comparator<SessionRow> order = order(query.sort() == null ? "bytesIn" : query.sort());
        int limit = Math.max(1, Math.min(MOST_ROWS, query.limit()));
        PriorityQueue<SessionRow> best = new PriorityQueue<>(limit + 1, order.reversed());
        for (Session session : monitor.server().sessions()) {
            best.add(SessionRow.of(session));
            if (best.size() > limit) {
                best.remove();
            }
        }
        List<SessionRow> rows = new ArrayList<>(best);
        rows.sort(order);
        return new SessionRows(monitor.server().sessionCount(), rows);
    }

    /** A column's name, with a minus for the largest first. */
    private static Comparator<SessionRow> order(String sort) {
        boolean descending = sort.startsWith("-");
        Comparator<SessionRow> order =
                switch (descending ? sort.substring(1) : sort) {
                    case "id" -> Comparator.comparingLong(SessionRow::id);
                    case "scheme" -> Comparator.comparing(SessionRow::scheme);
                    case "remote" -> Comparator.comparing(SessionRow::remote);
                    case "principal" -> Comparator.comparing(SessionRow::principal);
                    case "health" -> Comparator.comparing(SessionRow::health);
                    case "packetsIn" -> Comparator.comparingLong(SessionRow::packetsIn);
                    case "packetsOut" -> Comparator.comparingLong(SessionRow::packetsOut);
                    case "bytesIn" -> Comparator.comparingLong(SessionRow::bytesIn);
                    case "bytesOut" -> Comparator.comparingLong(SessionRow::bytesOut);
                    case "queuedBytes" -> Comparator.comparingLong(SessionRow::queuedBytes);
                    case "waitingPackets" -> Comparator.comparingLong(SessionRow::waitingPackets);
                    case "pendingRequests" -> Comparator.comparingLong(SessionRow::pendingRequests);
                    default ->
                        throw new PeerException(
                                PeerException.BAD_PAYLOAD,
                                "there is no column " + sort.substring(0, Math.min(40, sort.length())));
                };
        return (descending ? order.reversed() : order).thenComparingLong(SessionRow::id);
    }

    private Boolean close(long id) {
        Session session = monitor.server().session(id);
        if (!options.closeSessions()) {
            throw new PeerException(
                    PeerException.APPLICATION, "closing sessions is not allowed (option closeSessions)");
        }
        if (session == null) {
            return false;
        }
        log.info("{} is closed by a viewer of the dashboard", session);
        session.close().subscribe();
        return true;
    }

    private List<GroupRow> groups() {
        List<GroupRow> rows = new ArrayList<>();
        options.groups().stream()
                .flatMap(groups -> groups.all().stream())
                .limit(MOST_ROWS)
                .forEach(group -> rows.add(row(group)));
        rows.sort(Comparator.comparingInt(GroupRow::members)
                .reversed()
                .thenComparing(row -> row.name().toLowerCase(Locale.ROOT)));
        return rows;
    }

    private static GroupRow row(Group group) {
        GroupStats stats = group.stats();
        return new GroupRow(
                group.name(), stats.members(), stats.backlog(), stats.broadcasts(), stats.delivered(), stats.dropped());
    }
}
