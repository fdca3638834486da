package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.samples.faults.FaultTable;
import io.msgtrans.reactive.samples.faults.JournalServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The table of faults. */
@Command(
        name = "faults",
        mixinStandardHelpOptions = true,
        description = {
            "Kills, holds, cuts off and restarts server processes under load, and prints what their clients noticed",
            "and lost. Takes two minutes."
        })
final class FaultsCommand implements Callable<Integer> {

    private static final Duration DRAIN = Duration.ofSeconds(5);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "Some of kill, stop, cut, slow, replace, dns, full. Default: all.")
    private Set<String> only = FaultTable.names();

    @Option(names = "--lossy", description = "Only the load, for a network that loses packets: see samples/lossy.")
    private boolean lossy;

    @Option(names = "--serve", paramLabel = "URI", description = "Only run a server there, until Ctrl-C.")
    private @Nullable String serve;

    @Option(names = "--journal", paramLabel = "F", description = "Of --serve: what is delivered goes there.")
    private Path journal = Path.of("journal");

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (!FaultTable.names().containsAll(only)) {
            throw new IllegalArgumentException("--only " + only + " names what is not one of " + FaultTable.names());
        }
        if (serve == null) {
            FaultTable table = new FaultTable(out, spec.commandLine().getErr());
            return (lossy ? table.runLossy() : table.run(only)) ? 0 : Main.FAILED;
        }
        BoundServer bound = JournalServer.start(serve, journal);
        out.println("LISTENING " + bound.uri());
        out.flush();
        Thread drain = new Thread(() -> bound.drain(DRAIN).block(DRAIN.plusSeconds(2)), "msgtrans-drain");
        Runtime.getRuntime().addShutdownHook(drain);
        bound.onDispose().block();
        return 0;
    }
}
