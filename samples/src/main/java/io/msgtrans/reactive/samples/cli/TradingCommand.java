package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.trading.TradingSample;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The trading sample. */
@Command(
        name = "trading",
        mixinStandardHelpOptions = true,
        description = "Sends orders over QUIC at a fixed rate and shows the round trips of their execution reports.")
final class TradingCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--exchange",
            paramLabel = "URI",
            description = "An exchange that runs already (see --listen); default: one in this process.")
    private @Nullable String exchange;

    @Option(
            names = "--listen",
            paramLabel = "URI",
            description = "Only run an exchange there, for example on quic://localhost:9100.")
    private @Nullable String listen;

    @Option(
            names = "--rate",
            defaultValue = "10000",
            paramLabel = "N",
            description = "Orders per second. Default: 10000.")
    private double rate;

    @Option(names = "--seconds", defaultValue = "10", paramLabel = "N", description = "How long. Default: 10.")
    private long seconds;

    @Mixin
    private TlsOptions tls = new TlsOptions();

    @Override
    public Integer call() throws InterruptedException {
        if (rate <= 0 || seconds <= 0) {
            throw new IllegalArgumentException("--rate and --seconds must be positive");
        }
        TradingSample sample = new TradingSample(
                rate, Duration.ofSeconds(seconds), spec.commandLine().getOut());
        if (exchange != null) {
            return sample.trade(exchange, tls::apply) ? 0 : Main.FAILED;
        }
        DemoCertificate made = DemoCertificate.create();
        String uri = listen == null ? "quic://localhost:0" : listen;
        return sample.runExchange(
                        uri,
                        options -> TlsOptions.isNeededFor(uri) && !tls.hasCertificate()
                                ? options.certificate(made.chain(), made.key())
                                : tls.apply(options),
                        listen == null
                                ? bound -> sample.trade(
                                        bound,
                                        options ->
                                                TlsOptions.isNeededFor(bound) ? options.trust(made.chain()) : options)
                                : bound -> sample.waitFor(bound, made.chain()))
                ? 0
                : Main.FAILED;
    }
}
