package io.msgtrans.reactive.samples.cli;

import com.sun.management.UnixOperatingSystemMXBean;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.quic.QuicOptions;
import io.msgtrans.reactive.samples.process.ServerProcess;
import io.msgtrans.reactive.samples.scale.ScaleRun;
import io.msgtrans.reactive.samples.scale.ScaleServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Very many sessions. */
@Command(
        name = "scale",
        mixinStandardHelpOptions = true,
        description = {
            "Opens very many sessions to one server, in a process of its own but for mem, sends on all of them,",
            "broadcasts to all, closes them, and shows what each costs."
        })
final class ScaleCommand implements Callable<Integer> {

    /** Files that the process needs besides one for each session. */
    private static final long OTHER_FILES = 300;

    private static final int CONNECTIONS_PER_SOCKET = 1000;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--transport", defaultValue = "tcp", description = "tcp, ws, quic or mem. Default: tcp.")
    private String transport = "";

    @Option(
            names = "--sessions",
            split = ",",
            defaultValue = "1000,10000,100000",
            paramLabel = "N",
            description = "How many, one after the other. Default: 1000,10000,100000.")
    private List<Integer> sessions = List.of();

    @Option(
            names = "--packets",
            defaultValue = "100",
            paramLabel = "N",
            description = "Of 64 bytes, from each session. Default: 100; the full size of the run is 10000.")
    private int packets;

    @Option(
            names = "--broadcasts",
            defaultValue = "100",
            paramLabel = "N",
            description = "Packets of 128 bytes to all sessions. Default: 100.")
    private int broadcasts;

    @Option(names = "--serve", paramLabel = "URI", description = "Only be the server of such a run.")
    private @Nullable String serve;

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (serve != null) {
            return serve(serve, out);
        }
        if (!List.of("tcp", "ws", "quic", "mem").contains(transport)) {
            throw new IllegalArgumentException("--transport " + transport + " is none of tcp, ws, quic, mem");
        }
        if (transport.equals("mem")) {
            ScaleServer server = ScaleServer.start("mem://scale", options -> options);
            try {
                out.println("Both ends are in this process: what a session costs is for both.");
                return run(TransportClient.create("mem://scale"), out) ? 0 : Main.FAILED;
            } finally {
                server.dispose();
            }
        }
        String address = transport.equals("quic") ? "quic://localhost:0" : transport + "://127.0.0.1:0";
        try (ServerProcess server = ServerProcess.start(4096, "scale", "--serve", address)) {
            TransportClient client = TransportClient.create(server.uri().toString())
                    .endpoint(options -> endpoint(options, server.uri().getFragment()));
            return run(client, out) ? 0 : Main.FAILED;
        }
    }

    private boolean run(TransportClient client, PrintWriter out) {
        ScaleRun run = new ScaleRun(client, packets, broadcasts, out);
        run.heading();
        boolean well = true;
        for (int count : allowed(out)) {
            well &= run.run(count);
        }
        return well;
    }

    private EndpointOptions endpoint(EndpointOptions options, @Nullable String trust) {
        EndpointOptions patient = options.connectTimeout(PATIENCE);
        return trust == null
                ? patient
                : seldomHeard(patient.trust(Path.of(trust)))
                        .with(QuicOptions.CONNECTIONS_PER_SOCKET, CONNECTIONS_PER_SOCKET);
    }

    /** Signs of life of 100,000 connections every 15 s would keep two processors busy that have handshakes to do. */
    private static EndpointOptions seldomHeard(EndpointOptions options) {
        return options.with(QuicOptions.IDLE_TIMEOUT, Duration.ofMinutes(10))
                .with(QuicOptions.KEEP_ALIVE, Duration.ofMinutes(4));
    }

    /** The JVM has raised the limit of open files as far as it may; what is above is left out, and said. */
    private List<Integer> allowed(PrintWriter out) {
        boolean filePerSession = transport.equals("tcp") || transport.equals("ws");
        if (!filePerSession
                || !(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system)) {
            return sessions;
        }
        long files = system.getMaxFileDescriptorCount() - OTHER_FILES;
        List<Integer> allowed = new ArrayList<>();
        for (int count : sessions) {
            int possible = (int) Math.min(count, files);
            if (possible < count) {
                out.printf(
                        "%,d sessions need as many open files, this process may open %,d (ulimit -n): %,d instead%n",
                        count, system.getMaxFileDescriptorCount(), possible);
            }
            if (!allowed.contains(possible)) {
                allowed.add(possible);
            }
        }
        return allowed;
    }

    private static int serve(String uri, PrintWriter out) throws InterruptedException {
        DemoCertificate made = TlsOptions.isNeededFor(uri) ? DemoCertificate.create() : null;
        ScaleServer server = ScaleServer.start(
                uri, options -> made == null ? options : seldomHeard(options.certificate(made.chain(), made.key())));
        out.println("LISTENING " + server.uri() + (made == null ? "" : "#" + made.chain()));
        out.flush();
        new CountDownLatch(1).await(); // until it is killed
        return 0;
    }
}
