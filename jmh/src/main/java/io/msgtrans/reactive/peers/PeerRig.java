package io.msgtrans.reactive.peers;

import io.msgtrans.reactive.monitor.MachineTime;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The head-to-head: rounds of all contestants, each with a fresh server and a fresh client process for each workload.
 * Contestants alternate within a round, so that what changes on the machine in the meantime meets all of them.
 */
public final class PeerRig {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration HOP_BEFORE_WINDOW = Duration.ofSeconds(2);
    private static final int TRIES = 4;

    private final RigOptions options;
    private final List<Result> results = new ArrayList<>();
    private final long beginNanos = System.nanoTime();
    private int failures;

    private PeerRig(RigOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws Exception {
        if (args.length == 1 && args[0].equals("--help")) {
            System.out.print(RigOptions.USAGE);
            return;
        }
        RigOptions options;
        try {
            options = RigOptions.parse(Arrays.asList(args), defaultPinning());
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n\n" + RigOptions.USAGE);
            System.exit(2);
            return;
        }
        System.exit(new PeerRig(options).run() ? 0 : 1);
    }

    /** Server on 1, client on 0, where that is possible. */
    private static RigOptions.@Nullable Pinning defaultPinning() {
        boolean taskset = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "taskset")));
        return taskset && Runtime.getRuntime().availableProcessors() >= 2 ? new RigOptions.Pinning(1, 0) : null;
    }

    private boolean run() throws IOException, InterruptedException {
        for (int round = 1; round <= options.rounds(); round++) {
            for (Workload workload : options.workloads()) {
                for (String contestant : options.contestants()) {
                    runAndReport(round, contestant, workload);
                    writeJson(); // behind each run, so that who stops an hour's work keeps what was measured
                }
            }
        }
        System.out.println("JVM " + System.getProperty("java.vm.version") + " "
                + String.join(" ", options.jvmFlags()) + "; "
                + (options.pinning() == null ? "not pinned" : options.pinning())
                + "; network: " + System.getProperty("peers.network", "the machine's")
                + "; rounds " + options.rounds() + ", warm-up "
                + options.warmUp().toMillis() + " ms, window "
                + options.duration().toMillis() + " ms, failed runs " + failures + "\n");
        System.out.print(new ResultTable(options.contestants(), results).toMarkdown());
        return failures == 0;
    }

    private String minutesLeft() {
        int runs = results.size() + failures;
        int all = options.rounds()
                * options.workloads().size()
                * options.contestants().size();
        long left = (System.nanoTime() - beginNanos) / runs * (all - runs);
        return runs + " of " + all + " runs, " + Math.round(left / 60e9) + " minutes left";
    }

    private void runAndReport(int round, String contestant, Workload workload) throws InterruptedException {
        String name = "round " + round + "/" + options.rounds() + " " + workload + " " + contestant;
        try {
            Result result = undisturbed(contestant, workload);
            results.add(result);
            System.err.println(name + ": " + ResultTable.rate(result.rate()) + " packets/s, errors " + result.errors()
                    + String.format(
                            Locale.ROOT,
                            ", steal %.0f %%, hop %.0f ns; ",
                            result.cost().stealPercent(),
                            result.cost().hopNanos())
                    + minutesLeft());
        } catch (IOException e) {
            failures++;
            System.err.println(name + ": FAILED: " + e.getMessage());
        }
    }

    /** Runs again what ran while the host gave the machine's processors to others, or had them far from each other, a few times. */
    private Result undisturbed(String contestant, Workload workload) throws IOException, InterruptedException {
        Result best = runOnce(contestant, workload);
        for (int i = 1; i < TRIES && disturbance(best) > 1; i++) {
            Result next = runOnce(contestant, workload);
            best = disturbance(next) < disturbance(best) ? next : best;
        }
        return best;
    }

    /** More than 1 when more than an option allows. */
    private double disturbance(Result result) {
        return Math.max(
                result.cost().stealPercent() / options.maxSteal(), result.cost().hopNanos() / options.maxHop());
    }

    private Result runOnce(String contestant, Workload workload) throws IOException, InterruptedException {
        RigOptions.Pinning pinning = options.pinning();
        String limitRate = Integer.toString(options.limitRate());
        List<String> serverCall = List.of("server", contestant, workload.toString(), limitRate);
        try (PeerProcess server = PeerProcess.start(options, pinning == null ? null : pinning.server(), serverCall)) {
            String port = server.awaitLine("LISTENING ", START_TIMEOUT);
            List<String> clientCall = List.of(
                    "client",
                    contestant,
                    workload.toString(),
                    limitRate,
                    "127.0.0.1",
                    port,
                    Long.toString(options.warmUp().toMillis()),
                    Long.toString(options.duration().toMillis()));
            try (PeerProcess client =
                    PeerProcess.start(options, pinning == null ? null : pinning.client(), clientCall)) {
                Duration timeout = options.warmUp()
                        .plus(options.duration())
                        .plus(PeerMain.OVERHEAD_TIMEOUT)
                        .plus(START_TIMEOUT);
                client.awaitLine(Recorder.LOADED, timeout);
                // The first reading takes a tenth of a second of a processor, which is not to be in the window.
                Times.of(server, client);
                double hopBefore = hopBefore();
                client.awaitLine(Recorder.BEGIN, timeout);
                Times begin = Times.of(server, client);
                client.awaitLine(Recorder.END, timeout);
                Times end = Times.of(server, client);
                Result.Cost cost = end.since(begin, Math.max(hopBefore, hop()));
                Result result = Result.parse("{" + client.awaitLine("{", timeout));
                if (result.packets() == 0) { // a figure of a contestant that stands still says nothing about its speed
                    throw new IOException("nothing arrived in the window, in which the server used "
                            + cost.serverCpuSeconds() + " s of its processor\n"
                            + server.errors());
                }
                return result.with(cost);
            }
        }
    }

    /** Some time before the window, so that it is in the middle of a warm load again. */
    private double hopBefore() throws InterruptedException {
        long wait = options.warmUp().minus(HOP_BEFORE_WINDOW).toMillis();
        if (wait <= 0) {
            return 0;
        }
        Thread.sleep(wait);
        return hop();
    }

    private double hop() throws InterruptedException {
        RigOptions.Pinning pinning = options.pinning();
        return pinning == null ? 0 : ProcessorDistance.nanos(pinning);
    }

    /** Processor times so far. */
    private record Times(Duration server, Duration client, MachineTime machine) {

        static Times of(PeerProcess server, PeerProcess client) {
            return new Times(server.cpu(), client.cpu(), MachineTime.now());
        }

        Result.Cost since(Times begin, double hopNanos) {
            return new Result.Cost(
                    server.minus(begin.server).toMillis() / 1e3,
                    client.minus(begin.client).toMillis() / 1e3,
                    100 * machine.stolenSince(begin.machine),
                    hopNanos);
        }
    }

    private void writeJson() throws IOException {
        Path file = options.json();
        if (file != null) {
            List<String> lines = results.stream().map(Result::toJson).toList();
            Files.writeString(
                    file,
                    "{\"environment\":" + Environment.toJson(options) + ",\n\"results\":[\n" + String.join(",\n", lines)
                            + "\n]}\n");
        }
    }
}
