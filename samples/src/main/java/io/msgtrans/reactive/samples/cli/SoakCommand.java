package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.soak.SoakRun;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A long run. */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = {
            "Runs requests, acknowledged and one-way packets, streams and broadcasts over all transports for hours,",
            "breaks one link after the other, and fails when anything drifts or the counters do not add up."
        })
final class SoakCommand implements Callable<Integer> {

    private static final Set<String> TRANSPORTS = Set.of("tcp", "tcps", "ws", "wss", "quic", "mem");
    private static final int MOST_PER_SECOND = 100_000;
    private static final int JUDGING_SECONDS = 120;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--hours", defaultValue = "1", paramLabel = "H", description = "How long, 0.01 too. Default: 1.")
    private double hours;

    @Option(
            names = "--transports",
            split = ",",
            defaultValue = "tcp,tcps,ws,quic,mem",
            paramLabel = "T",
            description = "Some of tcp, tcps, ws, wss, quic, mem. Default: ${DEFAULT-VALUE}.")
    private List<String> transports = List.of();

    @Option(
            names = "--rate",
            defaultValue = "500",
            paramLabel = "N",
            description = "Packets of each kind per second on each transport. Default: ${DEFAULT-VALUE}.")
    private int rate;

    @Option(
            names = "--every",
            defaultValue = "60",
            paramLabel = "S",
            description = "Seconds between two lines. Default: ${DEFAULT-VALUE}.")
    private int every;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Of the faults. Default: 1.")
    private long seed;

    @Override
    public Integer call() {
        if (!TRANSPORTS.containsAll(transports)) {
            throw new IllegalArgumentException(
                    "--transports " + transports + " names what is not one of " + TRANSPORTS);
        }
        if (rate < 1 || rate > MOST_PER_SECOND || every < 1) {
            throw new IllegalArgumentException("--rate is 1.." + MOST_PER_SECOND + ", --every 1 or more");
        }
        Duration time = Duration.ofSeconds((long) (hours * TimeUnit.HOURS.toSeconds(1)));
        if (time.toSeconds() < every) {
            throw new IllegalArgumentException("--hours " + hours + " is less than --every " + every + " seconds");
        }
        DemoCertificate own = DemoCertificate.create();
        SoakRun run = new SoakRun(transports, rate, seed, spec.commandLine().getOut());
        CountDownLatch judged = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(run, judged), "msgtrans-end"));
        try {
            return run.run(time, Duration.ofSeconds(every), own.chain(), own.key()) ? 0 : Main.FAILED;
        } finally {
            judged.countDown();
        }
    }

    /** Hours of work are judged, also when the process is asked to end. */
    private static void end(SoakRun run, CountDownLatch judged) {
        run.stop();
        try {
            if (!judged.await(JUDGING_SECONDS, TimeUnit.SECONDS)) {
                System.err.println(
                        "msgtrans: the run was not over " + JUDGING_SECONDS + " seconds after it was asked to end");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
