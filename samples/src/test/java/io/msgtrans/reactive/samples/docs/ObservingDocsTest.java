package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.Tracing;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.dashboard.Dashboard;
import io.msgtrans.reactive.dashboard.DashboardOptions;
import io.msgtrans.reactive.diagnostics.Diagnosis;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.metrics.TransportMetrics;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.operator.MpmcChannel;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.SessionPool;
import io.msgtrans.reactive.tracing.ObservedTracing;
import io.msgtrans.reactive.tuning.Knobs;
import io.msgtrans.reactive.tuning.Tuner;
import io.msgtrans.reactive.tuning.TunerOptions;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Code of the pages about metrics, the dashboard and tracing. */
class ObservingDocsTest {

    private final String uri = "mem://" + UUID.randomUUID();
    private BoundServer server;

    @BeforeEach
    void start() {
        server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.send(session.receive().map(packet -> packet.response("y"))))
                .bindNow();
    }

    @AfterEach
    void stop() {
        server.dispose();
    }

    @Test
    void observing() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        int port = 0;
        // docs: observing
        Monitor monitor = Monitor.of(server); // looks once a second, keeps a day
        Dashboard.of(monitor, DashboardOptions.DEFAULTS).bindNow("127.0.0.1", port); // a page to look at
        Diagnosis.of(monitor, Duration.ofSeconds(3)).subscribe(findings -> findings.forEach(System.out::println));
        Tuner.of(
                monitor,
                TunerOptions.DEFAULTS.knob(Knobs.writeDelay(server, Duration.ofMillis(1)))); // what would help?
        TransportMetrics.to(registry).server("quotes", server).monitor("quotes", monitor); // Micrometer
        // docs: end
        assertThat(registry.getMeters()).isNotEmpty();
        monitor.dispose();
    }

    @Test
    void metrics() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        TransportClient client = TransportClient.create(uri);
        Session session = client.connectNow();
        SessionPool pool = SessionPool.of(client, PoolOptions.DEFAULTS);
        Group group = Groups.create().group("lobby");
        MpmcChannel<String> channel = MpmcChannel.mpmc(16);
        Monitor monitor = Monitor.of(server);
        // docs: metrics
        TransportMetrics metrics = TransportMetrics.to(registry)
                .server("quotes", server)
                .client("ledger", client)
                .session("exchange", session)
                .pool("ledger", pool)
                .group("lobby", group)
                .channel("orders", channel)
                .buffers("netty", ByteBufAllocator.DEFAULT)
                .monitor("quotes", monitor);
        // docs: end
        assertThat(registry.getMeters()).hasSizeGreaterThan(80);
        metrics.dispose();
        monitor.dispose();
        pool.dispose();
        session.dispose();
    }

    @Test
    void tracing() {
        ObservationRegistry observations = ObservationRegistry.create();
        String address = "mem://" + UUID.randomUUID();
        // docs: tracing
        Tracing tracing = ObservedTracing.of(observations);
        TransportServer service = TransportServer.create().listen(address).session(options -> options.tracing(tracing));
        TransportClient caller = TransportClient.create(address).session(options -> options.tracing(tracing));
        // docs: end
        BoundServer bound = service.bindNow();
        caller.connectNow().dispose();
        bound.dispose();
    }
}
