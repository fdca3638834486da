package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.TransportServer;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;

/** One server on every transport, clients that talk to it, and what it looks like. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Starts one server on TCP, WebSocket and QUIC and clients that talk to it; shows live figures.")
final class DemoCommand implements Callable<Integer> {

    private static final List<String> LISTEN = List.of("tcp://127.0.0.1:0", "ws://127.0.0.1:0", "quic://localhost:0");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--seconds", paramLabel = "N", description = "End by itself after so long; default: Ctrl-C.")
    private long seconds;

    @Override
    public Integer call() {
        TransportServer server =
                TransportServer.create().handle(session -> ServerMode.ECHO.handle(session, session.receive()));
        DemoCertificate certificate = DemoCertificate.create();
        for (String uri : LISTEN) {
            server = server.listen(
                    uri,
                    options -> TlsOptions.isNeededFor(uri)
                            ? options.certificate(certificate.chain(), certificate.key())
                            : options);
        }
        BoundServer bound = server.bindNow();
        List<DemoClient> clients = new ArrayList<>();
        try {
            for (URI uri : bound.uris()) {
                clients.add(new DemoClient(uri, certificate));
            }
            show(bound, clients);
        } finally {
            clients.forEach(DemoClient::close);
            bound.drain(Duration.ofSeconds(2)).block(Duration.ofSeconds(5));
        }
        return clients.stream().allMatch(client -> client.errors() == 0) ? 0 : Main.FAILED;
    }

    private void show(BoundServer bound, List<DemoClient> clients) {
        PrintWriter out = spec.commandLine().getOut();
        boolean live = Boolean.getBoolean("msgtrans.terminal");
        out.println("One server, " + bound.uris() + ", " + Packet.HEADER_BYTES + "-byte headers, 64-byte payloads."
                + (seconds > 0 ? "" : " Ctrl-C ends."));
        Flux<Long> ticks = Flux.interval(Duration.ofSeconds(1));
        if (seconds > 0) {
            ticks = ticks.take(seconds);
        }
        ticks.doOnNext(tick -> {
                    if (live && tick > 0) {
                        out.print("\033[" + (clients.size() + 2) + "A");
                    }
                    if (live || tick == 0) {
                        out.println(DemoClient.HEADING);
                    }
                    clients.forEach(client -> out.println(client.line()));
                    if (live) {
                        out.println("server: " + bound.sessionCount() + " sessions, "
                                + bound.stats().traffic().packetsReceived() + " packets received\033[K");
                    }
                    out.flush();
                })
                .blockLast();
    }
}
