package io.msgtrans.reactive.samples.cli;

import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.dashboard.Dashboard;
import io.msgtrans.reactive.dashboard.DashboardOptions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.metrics.TransportMetrics;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.monitor.MonitorOptions;
import io.msgtrans.reactive.tuning.Knobs;
import io.msgtrans.reactive.tuning.Tuner;
import io.msgtrans.reactive.tuning.TunerOptions;
import io.netty.buffer.ByteBufAllocator;
import java.net.URI;
import java.time.Duration;
import reactor.netty.DisposableServer;

/** Everything that can be seen of a server, on one port. */
final class ServerDashboard {

    private ServerDashboard() {}

    /** Starts it; it ends with the server. */
    static URI start(BoundServer server, Groups groups, MonitorOptions options, String host, int port, String token) {
        Monitor monitor = Monitor.of(server, options.watchBuffers(true));
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JvmMemoryMetrics().bindTo(registry);
        TransportMetrics metrics = TransportMetrics.to(registry)
                .server("server", server)
                .buffers("netty", ByteBufAllocator.DEFAULT)
                .monitor("server", monitor);
        Tuner tuner = Tuner.of(
                monitor,
                TunerOptions.DEFAULTS
                        .knob(Knobs.writeDelay(server, Duration.ofMillis(1)))
                        .knob(Knobs.writeBatch(server, 32, 1024))
                        .knob(Knobs.inboundPackets(server, 64, 4096)));
        DashboardOptions shown = DashboardOptions.DEFAULTS
                .groups(groups)
                .metrics(registry::scrape)
                .tuner(tuner);
        Dashboard dashboard = Dashboard.of(monitor, token.isEmpty() ? shown : shown.token(token));
        DisposableServer page = dashboard.bindNow(host, port);
        var unused = server.onDispose()
                .doFinally(signal -> {
                    metrics.dispose();
                    dashboard.dispose();
                    page.dispose();
                })
                .subscribe();
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + page.port() + "/");
    }
}
