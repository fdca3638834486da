package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.dashboard.Dashboard;
import io.msgtrans.reactive.dashboard.DashboardOptions;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorOptions;
import io.msgtrans.reactive.websocket.WebSocketMount;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;

/** Who is served by a dashboard, and what its feed answers. */
@ExtendWith(LeakCheck.class)
class DashboardTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final BoundServer server =
            TransportServer.create().listen("tcp://127.0.0.1:0").bindNow();
    private final Monitor monitor = Monitor.of(server, MonitorOptions.DEFAULTS.interval(Duration.ofMillis(50)));
    private final Disposable.Composite started = Disposables.composite();

    @AfterEach
    void stop() {
        started.dispose();
        TransportContract.stop(server);
    }

    private int start(DashboardOptions options) {
        Dashboard dashboard = Dashboard.of(monitor, options);
        DisposableServer bound = dashboard.bindNow("127.0.0.1", 0);
        started.add(dashboard);
        started.add(bound::disposeNow);
        return bound.port();
    }

    private static int status(int port, String path, String header, String value) {
        return HttpClient.newConnection()
                .headers(headers -> headers.set(header, value))
                .get()
                .uri("http://127.0.0.1:" + port + path)
                .responseSingle((response, body) -> body.asString()
                        .thenReturn(response.status().code())
                        .defaultIfEmpty(response.status().code()))
                .blockOptional(LIMIT)
                .orElseThrow();
    }

    private static String ask(Session viewer, int biz, String query) {
        return viewer.request(Packet.builder(PacketType.REQUEST)
                        .bizType(biz)
                        .payload(query)
                        .build())
                .map(Packet::payloadText)
                .blockOptional(LIMIT)
                .orElseThrow();
    }

    @Test
    void theFeedPushesAndAnswers() {
        Session viewer = TransportClient.create(
                        "ws://127.0.0.1:" + start(DashboardOptions.DEFAULTS.title("Quotes")) + "/feed")
                .connectNow();
        String update = viewer.receive()
                .filter(packet -> packet.bizType() == 100)
                .map(Packet::payloadText)
                .blockFirst(LIMIT);
        assertThat(update).startsWith("{\"snapshot\":{\"epochMillis\":").contains("\"alerts\":[]");
        assertThat(ask(viewer, 1, "{}"))
                .contains("\"title\":\"Quotes\"")
                .contains(server.uri().toString());
        assertThat(ask(viewer, 2, "{\"resolution\":\"FINE\"}")).contains("\"ANSWER_P99\":[");
        assertThat(ask(viewer, 2, "{\"resolution\":\"yearly\"}")).contains("resolution is none of [FINE");
        assertThat(ask(viewer, 3, "{\"sort\":\"-bytesIn\",\"limit\":5}")).isEqualTo("{\"sessions\":0,\"rows\":[]}");
        assertThat(ask(viewer, 3, "{\"sort\":\"colour\",\"limit\":5}")).contains("there is no column colour");
        assertThat(ask(viewer, 3, "[]]")).contains("\"error\":\"no SessionsQuery");
        assertThat(ask(viewer, 5, "{}")).isEqualTo("[]");
        assertThat(ask(viewer, 99, "{}")).contains("biz type 99 means nothing here");
        viewer.dispose();
    }

    @Test
    void sessionsAreClosedWhereThatIsAllowed() {
        Session client = TransportClient.create(server.uri().toString()).connectNow();
        client.receive().subscribe();
        TransportContract.until("it is open", () -> server.sessionCount() == 1);
        long id = server.sessions().iterator().next().id();
        Session watching = TransportClient.create(
                        "ws://127.0.0.1:" + start(DashboardOptions.DEFAULTS.closeSessions(false)) + "/feed")
                .connectNow();
        assertThat(ask(watching, 4, "{\"id\":" + id + "}"))
                .contains("closing sessions is not allowed (option closeSessions)");
        Session closing = TransportClient.create("ws://127.0.0.1:" + start(DashboardOptions.DEFAULTS) + "/feed")
                .connectNow();
        assertThat(ask(closing, 4, "{\"id\":" + id + "}")).isEqualTo("true");
        assertThat(client.onClose().block(LIMIT)).isNotNull();
        assertThat(ask(closing, 4, "{\"id\":12345}")).isEqualTo("false");
        watching.dispose();
        closing.dispose();
    }

    @Test
    void otherNamesAndOriginsAreRefused() {
        int port = start(DashboardOptions.DEFAULTS);
        assertThat(status(port, "/", "host", "127.0.0.1:" + port)).isEqualTo(200);
        assertThat(status(port, "/", "host", "localhost")).isEqualTo(200);
        assertThat(status(port, "/", "host", "evil.example")).isEqualTo(403);
        assertThat(status(port, "/feed", "origin", "http://evil.example")).isEqualTo(403);
        assertThat(status(port, "/feed", "origin", "http://127.0.0.1:" + port)).isEqualTo(426);
        assertThat(status(port, "/metrics", "accept", "text/plain")).isEqualTo(404);
    }

    @Test
    void aTokenIsNeededWhereThereIsOne() {
        int port = start(DashboardOptions.DEFAULTS.token("12345678").metrics(() -> "up 1"));
        assertThat(status(port, "/", "host", "ops.example")).isEqualTo(200);
        assertThat(status(port, "/metrics", "accept", "text/plain")).isEqualTo(403);
        assertThat(status(port, "/metrics", "authorization", "Bearer 12345678")).isEqualTo(200);
        TransportClient client = TransportClient.create("ws://127.0.0.1:" + port + "/feed");
        Session stranger = client.connectNow();
        stranger.request(Packet.request("{}")).onErrorComplete().block(LIMIT);
        assertThat(stranger.onClose().block(LIMIT).code()).isEqualTo(4401);
        Session friend = client.credentials(() -> Packet.request("12345678")).connectNow();
        assertThat(ask(friend, 1, "{}")).contains("title");
        friend.dispose();
    }

    @Test
    void othersAreNotServedWithoutAToken() {
        Dashboard dashboard = Dashboard.of(monitor, DashboardOptions.DEFAULTS);
        started.add(dashboard);
        assertThatThrownBy(() -> dashboard.bind("0.0.0.0", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("option token");
        assertThatThrownBy(() -> DashboardOptions.DEFAULTS.token("short"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 8");
    }

    @Test
    void itIsMountedOnAServerOfTheApplication() {
        Dashboard dashboard = Dashboard.of(monitor, DashboardOptions.DEFAULTS);
        DisposableServer http = HttpServer.create()
                .host("127.0.0.1")
                .route(routes -> {
                    routes.get("/own", (request, response) -> response.sendString(Mono.just("own")));
                    dashboard.mount(routes, "/ops");
                })
                .bindNow();
        started.add(http::disposeNow);
        assertThat(status(http.port(), "/own", "accept", "*/*")).isEqualTo(200);
        assertThat(status(http.port(), "/ops/", "accept", "*/*")).isEqualTo(200);
        assertThat(status(http.port(), "/ops", "accept", "*/*")).isEqualTo(302);
        TransportClient client = TransportClient.create("ws://127.0.0.1:" + http.port() + "/ops/feed");
        Session viewer = client.connectNow();
        dashboard.dispose();
        assertThat(viewer.onClose().block(LIMIT)).isNotNull();
        assertThatThrownBy(client::connectNow)
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("503");
    }

    @Test
    void sessionsOfAnyServerComeFromAMount() {
        WebSocketMount mount = WebSocketMount.create();
        BoundServer mounted = TransportServer.create()
                .listen("ws://app:0/prices", endpoint -> endpoint.with(WebSocketOptions.MOUNT, mount))
                .listen("mem://mounted-too")
                .maxSessions(1)
                .handle(session -> session.send(session.receive().map(packet -> packet.response(packet.payload()))))
                .bindNow();
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("ws://app:0/prices", endpoint -> endpoint.with(WebSocketOptions.MOUNT, mount))
                        .bindNow())
                .hasMessageContaining("a server is bound to this mount already");
        DisposableServer http = HttpServer.create()
                .host("127.0.0.1")
                .route(routes -> routes.get("/live", mount))
                .bindNow();
        TransportClient client = TransportClient.create("ws://127.0.0.1:" + http.port() + "/live");
        Session session = client.connectNow();
        assertThat(session.request(Packet.request("hello")).block(LIMIT).payloadText())
                .isEqualTo("hello");
        assertThatThrownBy(client::connectNow).as("one session is allowed").hasMessageContaining("503");
        session.dispose();
        TransportContract.until("its place is free", () -> mounted.sessionCount() == 0);
        TransportContract.stop(mounted);
        assertThatThrownBy(client::connectNow).hasMessageContaining("503");
        http.disposeNow();
    }
}
