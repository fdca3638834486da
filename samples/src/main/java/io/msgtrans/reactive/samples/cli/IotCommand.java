package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.iot.IotSample;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The IoT sample. */
@Command(
        name = "iot",
        mixinStandardHelpOptions = true,
        description = "Lets devices report over TCP, compressed, to a collector that stores batches through R2DBC.")
final class IotCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--devices", defaultValue = "50000", paramLabel = "N", description = "Default: 50000.")
    private int devices;

    @Option(
            names = "--every",
            defaultValue = "10",
            paramLabel = "SECONDS",
            description = "How often each device reports ten readings. Default: 10.")
    private double everySeconds;

    @Option(names = "--seconds", defaultValue = "15", paramLabel = "N", description = "How long. Default: 15.")
    private long seconds;

    @Option(
            names = "--kafka",
            paramLabel = "HOST:PORT",
            description = "Brokers: reports go to the topic readings too, before they are answered.")
    private @Nullable String kafka;

    @Override
    public Integer call() {
        if (devices < 1 || everySeconds < 0.1 || seconds < 1) {
            throw new IllegalArgumentException("--devices and --seconds must be positive, --every at least 0.1");
        }
        return new IotSample(
                                devices,
                                Duration.ofMillis((long) (everySeconds * 1000)),
                                Duration.ofSeconds(seconds),
                                kafka,
                                spec.commandLine().getOut())
                        .run()
                ? 0
                : Main.FAILED;
    }
}
