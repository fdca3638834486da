package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.balance.Balancer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Puts a server under load. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Puts a server under load and prints what it confirmed.",
            "oneway needs 'serve --mode sink', echo and pingpong need 'serve --mode echo'; stream and channel any,",
            "broadcast 'serve --mode broadcast'."
        })
final class BenchCommand implements Callable<Integer> {

    private static final int DEFAULT_WINDOW = 256;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "1..*",
            paramLabel = "URI",
            description =
                    "The server, for example tcp://127.0.0.1:8001; several for requests over a balancer (echo only).")
    private List<String> uris = List.of();

    @Option(
            names = "--workload",
            required = true,
            description = "One of oneway, echo, pingpong (echo with window 1), stream, channel, broadcast.")
    private BenchSettings.Workload workload = BenchSettings.Workload.ECHO;

    @Option(names = "--payload", paramLabel = "B", defaultValue = "64", description = "Bytes. Default: 64.")
    private int payload;

    @Option(
            names = {"--connections", "--sessions"},
            paramLabel = "N",
            defaultValue = "1",
            description = "Sessions. Default: 1.")
    private int connections;

    @Option(
            names = "--window",
            paramLabel = "W",
            defaultValue = "0",
            description = "Packets in flight per session for echo, default 256; streams per session for stream and "
                    + "channel, default 1.")
    private int window;

    @Option(
            names = "--rate",
            paramLabel = "R",
            defaultValue = "0",
            description =
                    "Packets per second over all sessions, measured from the time when each should have been sent. "
                            + "Default: as fast as it goes.")
    private long rate;

    @Option(names = "--warmup", paramLabel = "S", defaultValue = "2", description = "Seconds before. Default: 2.")
    private int warmup;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "5", description = "Seconds measured. Default: 5.")
    private int seconds;

    @Option(
            names = "--not-reading",
            paramLabel = "P",
            defaultValue = "0",
            description = "Percent of the sessions of a broadcast that do not read. Default: 0.")
    private int notReading;

    @Option(names = "--json", description = "Print one line of JSON.")
    private boolean json;

    @Mixin
    private BalanceOptions balance = new BalanceOptions();

    @Mixin
    private PresetOption preset = new PresetOption();

    @Mixin
    private TlsOptions tls = new TlsOptions();

    private int window() {
        if (workload == BenchSettings.Workload.PINGPONG) {
            return 1;
        }
        boolean given = spec.commandLine().getParseResult().hasMatchedOption("--window");
        return given ? window : workload.onStreams() ? 1 : DEFAULT_WINDOW;
    }

    /** Requests, echo's window of them at one time over all servers. */
    private int balanced(BenchSettings settings) {
        if (workload != BenchSettings.Workload.ECHO && workload != BenchSettings.Workload.PINGPONG) {
            throw new IllegalArgumentException("several URIs, and --balance, are for --workload echo or pingpong");
        }
        if (rate > 0 || json) {
            throw new IllegalArgumentException("--rate and --json are for one URI without --balance");
        }
        Balancer balancer = balance.open(uris, tls, Duration.ofSeconds(10), connections);
        BalancedLoad load = new BalancedLoad(
                balancer, payload, settings.window(), spec.commandLine().getErr());
        String line = load.run(settings.warmup(), settings.duration());
        balancer.dispose();
        spec.commandLine().getOut().println(line);
        return load.isClean() ? 0 : Main.FAILED;
    }

    @Override
    public Integer call() throws InterruptedException {
        String uri = uris.get(0);
        BenchSettings settings = new BenchSettings(
                uri,
                workload,
                payload,
                connections,
                window(),
                rate,
                Duration.ofSeconds(warmup),
                Duration.ofSeconds(seconds),
                notReading);
        if (balance.isWanted(uris)) {
            return balanced(settings);
        }
        TransportClient client = preset.apply(TransportClient.create(uri))
                .endpoint(tls::apply)
                .endpoint(options -> workload.onStreams() ? options.extensions(Extensions.ON) : options);
        BenchResult result = new BenchRun(settings, client, spec.commandLine().getErr()).run();
        spec.commandLine().getOut().println(json ? result.json() : result.text());
        if (result.messages() == 0 || result.errors() > 0) {
            spec.commandLine()
                    .getErr()
                    .println("msgtrans: " + result.messages() + " messages confirmed, " + result.errors() + " errors");
            return Main.FAILED;
        }
        return 0;
    }
}
