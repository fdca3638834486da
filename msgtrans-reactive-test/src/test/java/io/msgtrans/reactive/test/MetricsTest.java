package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.kafka.KafkaStats;
import io.msgtrans.reactive.metrics.TransportMetrics;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.operator.MpmcChannel;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.SessionPool;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;

/** What a registry sees of servers and clients that work. */
@ExtendWith(LeakCheck.class)
class MetricsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Set<String> VALUES = Set.of(
            "x",
            "idle",
            "exclusive",
            "shared",
            "available",
            "out",
            "hit",
            "miss",
            "tcp",
            "lost",
            "discarded",
            "refused",
            "unreliable",
            "handshake",
            "protocol",
            "handler",
            "connect",
            "timeout",
            "answered",
            "answer",
            "payload",
            "truncated",
            "unmatched",
            "direct",
            "heap",
            "0.5",
            "0.99",
            "0.999");

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Group group = Groups.create().group("all");
    private final MpmcChannel<Integer> channel = MpmcChannel.mpmc(2);
    private BoundServer server;
    private TransportClient client;
    private Session session;
    private Monitor monitor;
    private SessionPool pool;
    private Balancer balancer;
    private TransportMetrics metrics;

    @BeforeEach
    void start() {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .group(group)
                .handle(TransportContract::echo)
                .bindNow();
        String uri = server.uri().toString();
        client = TransportClient.create(uri);
        session = client.connectNow();
        monitor = Monitor.of(server);
        pool = SessionPool.of(client, PoolOptions.DEFAULTS.size(1, 4));
        balancer = Balancer.of(Endpoints.of(uri), BalancerOptions.DEFAULTS);
        metrics = TransportMetrics.to(registry)
                .server("x", server)
                .client("x", client)
                .session("x", session)
                .buffers("x", ByteBufAllocator.DEFAULT)
                .monitor("x", monitor)
                .pool("x", pool)
                .balancer("x", balancer)
                .group("x", group)
                .channel("x", channel)
                .kafka("x", () -> new KafkaStats(6, 3, 1, 0, 1, 1));
    }

    @AfterEach
    void end() {
        balancer.dispose();
        pool.close(LIMIT).block(LIMIT);
        TransportContract.stop(server);
    }

    private double value(String name, String... tags) {
        Meter meter = registry.get(name).tags(tags).meter();
        return meter.measure().iterator().next().getValue();
    }

    private void until(String name, double wanted, String... tags) {
        TransportContract.until(name + " is " + wanted, () -> value(name, tags) == wanted);
    }

    @Test
    void metersTellWhatHappened() {
        Flux.range(0, 10)
                .concatMap(i -> balancer.request(Packet.request("four")))
                .blockLast(LIMIT);
        pool.use(session -> session.request(Packet.request("four"))).blockLast(LIMIT);
        until("msgtrans.server.packets.received", 11);
        until("msgtrans.server.packets.received", 11, "protocol", "tcp");
        until("msgtrans.server.requests.received", 11);
        until("msgtrans.server.answer.time", 11);
        until("msgtrans.client.requests.sent", 1);
        assertThat(value("msgtrans.client.sessions.opened")).isGreaterThanOrEqualTo(2);
        assertThat(value("msgtrans.server.answer.time.percentile", "phi", "0.5"))
                .isPositive();
        assertThat(value("msgtrans.client.request.time.max"))
                .isGreaterThanOrEqualTo(value("msgtrans.client.request.time.percentile", "phi", "0.99"));
        until("msgtrans.server.bytes.received", 11 * 20);
        until("msgtrans.server.bytes.sent", 11 * 20);
        until("msgtrans.balancer.attempts", 10);
        until("msgtrans.balancer.endpoints", 1, "state", "available");
        until("msgtrans.balancer.endpoints", 0, "state", "out");
        until("msgtrans.group.members", value("msgtrans.server.sessions"));
        assertThat(value("msgtrans.pool.acquisitions", "result", "hit")
                        + value("msgtrans.pool.acquisitions", "result", "miss"))
                .isEqualTo(1);
        while (channel.offer(1) == OfferResult.ACCEPTED) {
            // until it is full
        }
        until("msgtrans.channel.items", 2);
        until("msgtrans.channel.full", 1);
        group.offer(Packet.oneWay("x"));
        until("msgtrans.group.broadcasts", 1);
    }

    @Test
    void theTableInTheDocsIsWhatIsRegistered() throws IOException {
        Set<String> registered = registry.getMeters().stream()
                .map(Meter::getId)
                .map(id -> "| `" + id.getName() + "` | "
                        + id.getType().name().toLowerCase(Locale.ROOT) + " | " + id.getBaseUnit() + " | "
                        + id.getTags().stream()
                                .map(tag -> "`" + tag.getKey() + "`")
                                .collect(Collectors.joining(", "))
                        + " | " + id.getDescription() + " |")
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> documented = Files.readAllLines(Path.of("../docs/metrics.md")).stream()
                .filter(line -> line.startsWith("| `msgtrans."))
                .collect(Collectors.toCollection(TreeSet::new));
        Files.write(Path.of("target", "metrics-table.md"), registered); // what the page should say
        assertThat(documented).isEqualTo(registered);
    }

    @Test
    void tagsAreBoundedHoweverManySessionsCome() {
        int before = registry.getMeters().size();
        for (int i = 0; i < 50; i++) {
            pool.use(session -> session.request(Packet.request("?")))
                    .mergeWith(balancer.request(Packet.request("?")))
                    .blockLast(LIMIT);
        }
        assertThat(registry.getMeters()).hasSize(before);
        assertThat(registry.getMeters().stream()
                        .flatMap(meter -> meter.getId().getTags().stream())
                        .map(Tag::getValue)
                        .distinct())
                .allMatch(VALUES::contains);
    }

    @Test
    void theyGoWhenTheyAreDisposedOf() {
        metrics.dispose();
        assertThat(metrics.isDisposed()).isTrue();
        assertThat(registry.getMeters()).isEmpty();
    }
}
