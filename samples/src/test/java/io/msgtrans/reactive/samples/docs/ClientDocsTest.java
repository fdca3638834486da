package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.admission.Authentication;
import io.msgtrans.reactive.admission.Rate;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Balancing;
import io.msgtrans.reactive.balance.Endpoint;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.delivery.AcknowledgedReceiver;
import io.msgtrans.reactive.delivery.AcknowledgedSender;
import io.msgtrans.reactive.delivery.Delivery;
import io.msgtrans.reactive.delivery.DeliveryOptions;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import io.msgtrans.reactive.upgrade.Upgrade;
import io.msgtrans.reactive.upgrade.UpgradeOptions;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Code of the pages about clients. */
class ClientDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Packet packet = Packet.request("x");
    private final List<String> log = new CopyOnWriteArrayList<>();
    private BoundServer echo;
    private TransportClient client;

    @BeforeEach
    void start() {
        echo = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> session.send(session.receive().map(request -> request.response("y"))))
                .bindNow();
        client = TransportClient.create(echo.uri().toString()).endpoint(options -> options.extensions(Extensions.ON));
    }

    @AfterEach
    void stop() {
        echo.dispose();
    }

    @Test
    void reconnect() {
        // docs: reconnect
        ReconnectingSession session =
                ReconnectingSession.of(client, ReconnectOptions.DEFAULTS); // 100 ms to 10 s, 5 attempts, jitter
        Mono<Packet> once = session.request(packet); // waits for a connection; fails if that one is lost
        Mono<Packet> repeated = session.requestRepeatable(packet, Duration.ofSeconds(30)); // is sent again on the next
        session.states().subscribe(state -> log.add(state.toString())); // connecting, open, lost and why, failed
        // docs: end
        assertThat(once.block(LIMIT).payloadText()).isEqualTo("y");
        assertThat(repeated.block(LIMIT).payloadText()).isEqualTo("y");
        session.dispose();
    }

    @Test
    void heartbeats() {
        // docs: heartbeats
        Session session = client.session(options -> options.heartbeat(HeartbeatOptions.DEFAULTS))
                .connectNow(); // every 5 s
        log.add("now " + session.health()); // state, round trip, and what the server says of its load
        session.healthChanges().subscribe(health -> log.add("then " + health));
        // docs: end
        assertThat(log).isNotEmpty();
        session.dispose();
    }

    private static Flux<Packet> work(Session session) {
        return session.request(Packet.request("work")).flux();
    }

    @Test
    void pool() {
        // docs: pool
        SessionPool pool = SessionPool.of(client, PoolOptions.DEFAULTS.size(2, 16));
        Mono<Packet> shared = pool.request(packet); // on the least loaded shared session
        Flux<Packet> also = pool.share(session -> session.request(packet));
        Flux<Packet> alone = pool.use(session -> work(session)); // one for this caller alone, as long as it works
        log.add("pool " + pool.stats()); // open, waiting, hit rate, grown, evicted
        // docs: end
        assertThat(Flux.concat(shared, also, alone).count().block(LIMIT)).isEqualTo(3);
        pool.dispose();
    }

    @Test
    void balancer() {
        String first = echo.uri().toString();
        String second = first;
        // docs: balancer
        Balancer service = Balancer.of(
                Endpoints.of(first, second), // or Endpoints.dns("tcp://quotes:8001", every), or any Flux of lists
                BalancerOptions.DEFAULTS.balancing(Balancing.peakEwma()).hedgeAfter(Duration.ofMillis(50)));
        Mono<Packet> careful = service.request(packet); // tried again only when it surely did not run
        Mono<Packet> quick = service.requestIdempotent(packet); // tried again, and hedged
        service.events().subscribe(event -> log.add(event.toString())); // added, ejected and why, readmitted, draining
        // docs: end
        assertThat(careful.block(LIMIT).payloadText()).isEqualTo("y");
        assertThat(quick.block(LIMIT).payloadText()).isEqualTo("y");
        service.dispose();
    }

    private Mono<Void> store(Packet stored) {
        return Mono.fromRunnable(() -> log.add(stored.payloadText()));
    }

    @Test
    void delivery() {
        TransportServer server = TransportServer.create().listen("tcp://127.0.0.1:0");
        // docs: delivery-receiver
        AcknowledgedReceiver receiver = AcknowledgedReceiver.create(); // one for all sessions of a server
        BoundServer journal = server.handle(session -> receiver.receive(session)
                        .concatMap(delivery -> delivery instanceof Delivery.Item item
                                ? store(item.packet()).then(item.acknowledge())
                                : Mono.empty()) // a Gap, or a packet without acknowledgement
                        .then())
                .bindNow();
        // docs: end
        ReconnectingSession session = ReconnectingSession.of(
                TransportClient.create(journal.uri().toString()).endpoint(options -> options.extensions(Extensions.ON)),
                ReconnectOptions.DEFAULTS);
        // docs: delivery-sender
        AcknowledgedSender sender = AcknowledgedSender.of(session, DeliveryOptions.DEFAULTS);
        Mono<Void> acknowledged = sender.send(Packet.oneWay("keep this")); // over as many connections as it takes
        // docs: end
        acknowledged.block(LIMIT);
        assertThat(log).containsExactly("keep this");
        sender.dispose();
        session.dispose();
        journal.dispose();
    }

    private static Mono<Void> stopOld() {
        return Mono.empty();
    }

    @Test
    void upgrade() {
        BoundServer other = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> session.send(session.receive().map(request -> request.response("new"))))
                .bindNow();
        Balancer balancer = Balancer.of(
                Endpoints.of(
                        Endpoint.of(echo.uri().toString()).group("v1"),
                        Endpoint.of(other.uri().toString()).group("v2")),
                BalancerOptions.DEFAULTS);
        balancer.request(packet).block(LIMIT);
        UpgradeOptions quick =
                UpgradeOptions.DEFAULTS.settle(Duration.ofMillis(10)).watch(Duration.ofMillis(100), 1);
        var calls = Flux.interval(Duration.ofMillis(2))
                .onBackpressureDrop()
                .flatMap(tick -> balancer.request(packet))
                .subscribe();
        // docs: upgrade
        Upgrade.of(balancer, "v1", "v2", quick.drainOld(() -> stopOld())) // or UpgradeOptions.DEFAULTS
                .run()
                .doOnNext(event -> log.add(event.toString())) // 5, 20, 50, 80, 100 %, or rolled back and why
                .blockLast(Duration.ofMinutes(10));
        // docs: end
        calls.dispose();
        assertThat(log).isNotEmpty();
        balancer.dispose();
        other.dispose();
    }

    private static Mono<Principal> check(String token) {
        return "Bearer good".equals(token) ? Mono.just(() -> "anna") : Mono.empty();
    }

    @Test
    void admission() {
        // docs: admission
        BoundServer server = TransportServer.create()
                .listen("ws://127.0.0.1:0")
                .authentication(Authentication.byHandshake(
                        Duration.ofSeconds(5), handshake -> check(String.valueOf(handshake.header("authorization")))))
                .admission(options -> options.sessionRate(Rate.of(1_000, 100)) // packets a second, and at once
                        .addressRate(Rate.of(10_000, 1_000))
                        .shedAfter(Duration.ofMillis(200)))
                .handle(session -> session.receive().then())
                .bindNow();
        // docs: end
        TransportClient browser = TransportClient.create(server.uri().toString());
        assertThat(browser.connect().materialize().block(LIMIT).isOnError()).isTrue();
        browser.endpoint(options -> options.with(WebSocketOptions.AUTHORIZATION, "Bearer good"))
                .connectNow()
                .dispose();
        server.dispose();
    }
}
