package io.msgtrans.reactive.samples.faults;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.samples.process.ServerProcess;
import io.msgtrans.reactive.test.DnsServer;
import io.msgtrans.reactive.test.TcpProxy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Tries one fault after the other, and prints a table. */
public final class FaultTable {

    private static final Duration BEFORE = Duration.ofSeconds(2);
    private static final Duration DURING = Duration.ofSeconds(4);
    private static final Duration AFTER = Duration.ofSeconds(4);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int REQUESTS = 500;
    private static final int PACKETS = 500;

    private final PrintWriter out;
    private final PrintWriter err;
    private final Path directory;
    private final List<FaultResult> results = new ArrayList<>();

    public FaultTable(PrintWriter out, PrintWriter err) throws IOException {
        this.out = out;
        this.err = err;
        this.directory = Files.createTempDirectory("msgtrans-faults");
        directory.toFile().deleteOnExit(); // behind what is in it: the last one named goes first
        journals().forEach(journal -> journal.toFile().deleteOnExit());
    }

    /** Something that is broken, and mended. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    /** The faults by name, in the order in which they are tried. */
    public static Set<String> names() {
        return new LinkedHashSet<>(List.of("kill", "stop", "cut", "slow", "replace", "dns", "full"));
    }

    /** Tries some; whether nothing that was acknowledged is lost. */
    public boolean run(Set<String> faults) throws IOException, InterruptedException {
        for (String fault : names()) {
            if (faults.contains(fault)) {
                step(fault).run();
            }
        }
        return show();
    }

    private Step step(String fault) {
        return switch (fault) {
            case "kill" -> this::killed;
            case "stop" -> this::suspended;
            case "cut" -> this::cutOff;
            case "slow" -> this::slow;
            case "replace" -> this::replaced;
            case "dns" -> this::renamed;
            default -> this::fullQueue;
        };
    }

    private boolean show() {
        out.println(FaultResult.HEADING);
        results.forEach(result -> out.println(result.row()));
        return results.stream().allMatch(result -> result.lost() == 0);
    }

    /** What a lossy network does; to be run in one, see {@code samples/lossy}. */
    public boolean runLossy() throws IOException, InterruptedException {
        try (ServerProcess a = serve("a", "tcp://127.0.0.1:0");
                ServerProcess b = serve("b", "tcp://127.0.0.1:0");
                FaultRun run = new FaultRun(
                        Endpoints.of(a.uri().toString(), b.uri().toString()),
                        a.uri().toString(),
                        journals())) {
            run.begin(REQUESTS, PACKETS);
            run.pause(DURING.multipliedBy(3));
            report(run.end("10 % of the packets are lost", "TCP repeated them"));
        }
        return show();
    }

    private ServerProcess serve(String name, String listen) throws IOException, InterruptedException {
        return ServerProcess.start(
                "sample",
                "faults",
                "--serve",
                listen,
                "--journal",
                directory.resolve(name).toString());
    }

    private List<Path> journals() {
        return List.of(directory.resolve("a"), directory.resolve("b"));
    }

    private void clear() throws IOException {
        for (Path journal : journals()) {
            Files.deleteIfExists(journal);
        }
    }

    private void report(FaultResult result) {
        results.add(result);
        err.println(result.row());
        err.flush();
    }

    /** Load, fault, load, mended, load. */
    private void during(FaultRun run, Step broken, Step mended, String fault, String did)
            throws IOException, InterruptedException {
        run.begin(REQUESTS, PACKETS);
        run.pause(BEFORE);
        run.faultBegins();
        broken.run();
        run.pause(DURING);
        mended.run();
        run.faultIsOver();
        run.pause(AFTER);
        report(run.end(fault, did));
    }

    private void killed() throws IOException, InterruptedException {
        clear();
        ServerProcess a = serve("a", "tcp://127.0.0.1:0");
        ServerProcess[] again = new ServerProcess[1];
        try (ServerProcess b = serve("b", "tcp://127.0.0.1:0");
                FaultRun run = new FaultRun(
                        Endpoints.of(a.uri().toString(), b.uri().toString()),
                        a.uri().toString(),
                        journals())) {
            during(
                    run,
                    a::kill,
                    () -> again[0] = serve("a", a.uri().toString()),
                    "kill -9, restart on the same port",
                    "calls tried again at the other server");
        } finally {
            a.close();
            if (again[0] != null) {
                again[0].close();
            }
        }
    }

    private void suspended() throws IOException, InterruptedException {
        clear();
        try (ServerProcess a = serve("a", "tcp://127.0.0.1:0");
                ServerProcess b = serve("b", "tcp://127.0.0.1:0");
                FaultRun run = new FaultRun(
                        Endpoints.of(a.uri().toString(), b.uri().toString()),
                        a.uri().toString(),
                        journals())) {
            during(
                    run,
                    a::suspend,
                    a::resume,
                    "stop and continue (SIGSTOP, SIGCONT)",
                    "heartbeats failed, sessions given up, server left out");
        }
    }

    private void cutOff() throws IOException, InterruptedException {
        behindProxy(
                link -> link.cut(true),
                link -> link.cut(false),
                "link cut and healed, nothing closed",
                "heartbeats failed, sessions given up, server left out");
    }

    private void slow() throws IOException, InterruptedException {
        behindProxy(
                link -> link.delay(Duration.ofMillis(300)),
                link -> link.delay(Duration.ZERO),
                "slow peer: 600 ms more per round trip",
                "degraded by its round trip, a quarter of the calls");
    }

    /** Two servers, the first of them behind a proxy that something is done to. */
    private void behindProxy(Consumer<TcpProxy> begin, Consumer<TcpProxy> end, String fault, String effect)
            throws IOException, InterruptedException {
        clear();
        try (ServerProcess a = serve("a", "tcp://127.0.0.1:0");
                ServerProcess b = serve("b", "tcp://127.0.0.1:0");
                TcpProxy link = TcpProxy.to(a.uri().getPort());
                FaultRun run = new FaultRun(
                        Endpoints.of("tcp://127.0.0.1:" + link.port(), b.uri().toString()),
                        "tcp://127.0.0.1:" + link.port(),
                        journals())) {
            during(run, () -> begin.accept(link), () -> end.accept(link), fault, effect);
        }
    }

    private void replaced() throws IOException, InterruptedException {
        clear();
        ServerProcess a = serve("a", "tcp://127.0.0.1:0");
        ServerProcess[] again = new ServerProcess[1];
        try (FaultRun run =
                new FaultRun(Endpoints.of(a.uri().toString()), a.uri().toString(), journals())) {
            during(
                    run,
                    () -> {
                        again[0] = serve("b", a.uri().toString()); // beside the old one, on the same port
                        a.terminate();
                    },
                    a::await,
                    "the only server replaced on its port (SO_REUSEPORT, SIGTERM)",
                    "told that it drains, new connections to the new one");
        } finally {
            a.close();
            if (again[0] != null) {
                again[0].close();
            }
        }
    }

    private void renamed() throws IOException, InterruptedException {
        clear();
        try (ServerProcess a = serve("a", "tcp://127.0.0.1:0");
                ServerProcess b = serve("b", "tcp://127.0.0.2:" + a.uri().getPort());
                DnsServer dns = new DnsServer().answer("127.0.0.1");
                FaultRun run = new FaultRun(
                        Endpoints.dns(
                                "tcp://service.example.test:" + a.uri().getPort(),
                                Duration.ofMillis(200),
                                dns.address()),
                        b.uri().toString(),
                        journals())) {
            during(
                    run,
                    () -> dns.answer("127.0.0.2"),
                    a::kill,
                    "DNS gives another address, then the old server is killed",
                    "all calls at the new address before that");
        }
    }

    private void fullQueue() throws IOException, InterruptedException {
        clear();
        try (ServerProcess a = serve("a", "tcp://127.0.0.1:0")) {
            Session session = TransportClient.create(a.uri().toString()).connectNow();
            a.suspend();
            Set<String> accepted = new HashSet<>();
            long refused = 0;
            long start = System.nanoTime();
            for (int i = 0; refused < 1_000; i++) {
                String line = i + " " + "x".repeat(1000);
                if (session.offer(Packet.oneWay(line)) == OfferResult.ACCEPTED) {
                    accepted.add(line);
                } else {
                    refused++;
                }
            }
            long millis = (System.nanoTime() - start) / 1_000_000;
            a.resume();
            session.writable()
                    .filter(Boolean::booleanValue)
                    .next()
                    .then(session.request(Packet.request("behind all of them"), LIMIT))
                    .block(LIMIT);
            session.close().block(LIMIT);
            Set<String> written = new HashSet<>(Files.readAllLines(directory.resolve("a")));
            accepted.removeAll(written);
            report(new FaultResult(
                    "full queue: the server stops reading",
                    written.size(),
                    refused,
                    millis,
                    -1,
                    -1,
                    written.size(),
                    accepted.size(),
                    0,
                    "offers answered FULL at once, everything accepted arrived"));
        }
    }
}
