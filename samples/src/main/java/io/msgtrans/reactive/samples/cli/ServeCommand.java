package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.TransportServer;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/** Serves until it is stopped. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = "Starts a server; prints LISTENING <uri> for each listener and serves until Ctrl-C.")
final class ServeCommand implements Callable<Integer> {

    private static final Duration DRAIN = Duration.ofSeconds(5);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--listen",
            required = true,
            arity = "1..*",
            paramLabel = "URI",
            description = "Where to listen, for example tcp://127.0.0.1:8001, ws://127.0.0.1:0 or "
                    + "quic://127.0.0.1:8003; repeatable.")
    private List<String> listen = List.of();

    @Option(
            names = "--mode",
            defaultValue = "ECHO",
            description = {
                "echo, sink, quiet and sick (echo with some errors) treat each session alone;",
                "chat sends each packet to every other session,",
                "broadcast what bench --workload broadcast asks for to all.",
                "Default: echo."
            })
    private ServerMode mode = ServerMode.ECHO;

    @Option(names = "--borrowed", description = "Receive without copying.")
    private boolean borrowed;

    @Option(
            names = "--share-port",
            description = "Other servers with this option may listen on the same port: how a new version starts beside "
                    + "the old one (tcp, ws).")
    private boolean sharePort;

    @Option(names = "--seconds", paramLabel = "N", description = "End by itself after so long; default: never.")
    private long seconds;

    @Option(
            names = "--dashboard",
            paramLabel = "PORT",
            description =
                    "Show how it does at http://127.0.0.1:PORT/, and to Prometheus at /metrics; 0 for any free port.")
    private @Nullable Integer dashboardPort;

    @Option(
            names = "--dashboard-host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "Address for the dashboard; one that others can reach needs --dashboard-token.")
    private String dashboardHost = "127.0.0.1";

    @Option(
            names = "--dashboard-token",
            paramLabel = "TOKEN",
            description = "What viewers must know, 8 characters or more.")
    private String dashboardToken = "";

    @Mixin
    private PresetOption preset = new PresetOption();

    @Mixin
    private TlsOptions tls = new TlsOptions();

    @Override
    public Integer call() {
        TransportServer server = preset.apply(TransportServer.create())
                .session(options -> options.streams(new CountingStreams()))
                .handle(session -> mode.handle(session, borrowed ? session.receiveBorrowed() : session.receive()));
        DemoCertificate made = certificateIfNeeded();
        for (String uri : listen) {
            server = server.listen(uri, given -> {
                var options = given.sharePort(sharePort);
                if (!TlsOptions.isNeededFor(uri)) {
                    return options;
                }
                return tls.apply(made == null ? options : options.certificate(made.chain(), made.key()));
            });
        }
        BoundServer bound = server.bindNow();
        PrintWriter out = spec.commandLine().getOut();
        if (preset.isSet()) {
            server.settings().forEach((name, value) -> out.printf("%-12s %s%n", name, value));
        }
        bound.uris().forEach(uri -> out.println("LISTENING " + uri));
        if (dashboardPort != null) {
            out.println("DASHBOARD "
                    + ServerDashboard.start(
                            bound, mode.groups(), preset.monitor(), dashboardHost, dashboardPort, dashboardToken));
        }
        out.flush();
        Thread drain = new Thread(() -> drain(bound), "msgtrans-drain");
        Runtime.getRuntime().addShutdownHook(drain);
        if (seconds > 0) {
            // The server itself never ends; a timeout of the wait is how --seconds ends it.
            bound.onDispose()
                    .timeout(Duration.ofSeconds(seconds), Mono.defer(() -> bound.drain(DRAIN)))
                    .block(Duration.ofSeconds(seconds).plus(DRAIN).plusSeconds(5));
        } else {
            bound.onDispose().block();
        }
        return 0;
    }

    private @Nullable DemoCertificate certificateIfNeeded() {
        if (tls.hasCertificate() || listen.stream().noneMatch(TlsOptions::isNeededFor)) {
            return null;
        }
        DemoCertificate made = DemoCertificate.create();
        PrintWriter err = spec.commandLine().getErr();
        err.println("no --certificate: made one for localhost, clients need --trust " + made.chain());
        err.flush();
        return made;
    }

    private static void drain(BoundServer bound) {
        bound.drain(DRAIN).block(DRAIN.plusSeconds(2));
    }
}
