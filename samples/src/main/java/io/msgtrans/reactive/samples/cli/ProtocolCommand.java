package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.protocol.ProtocolSample;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The sample of a transport of one's own. */
@Command(
        name = "protocol",
        mixinStandardHelpOptions = true,
        description =
                "Sends over a transport of its own, with its own framing, batching and compression, and over tcp.")
final class ProtocolCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--packets", defaultValue = "2000000", paramLabel = "N", description = "Default: 2000000.")
    private int packets;

    @Override
    public Integer call() {
        if (packets < 1) {
            throw new IllegalArgumentException("--packets must be positive");
        }
        return new ProtocolSample(packets, spec.commandLine().getOut()).run() ? 0 : Main.FAILED;
    }
}
