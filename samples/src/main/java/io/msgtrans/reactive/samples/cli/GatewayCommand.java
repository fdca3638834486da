package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.gateway.Gateway;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The gateway sample. */
@Command(
        name = "gateway",
        mixinStandardHelpOptions = true,
        description = "Runs a Spring WebFlux application between HTTP and packets, with a page that shows it.")
final class GatewayCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--host", defaultValue = "127.0.0.1", description = "Where to listen. Default: 127.0.0.1.")
    private String host = "";

    @Option(names = "--port", defaultValue = "8080", paramLabel = "N", description = "Of HTTP. Default: 8080.")
    private int port;

    @Option(names = "--device-port", defaultValue = "0", paramLabel = "N", description = "Of TCP. Default: any.")
    private int devicePort;

    @Option(names = "--seconds", paramLabel = "N", description = "End by itself after so long; default: never.")
    private long seconds;

    @Override
    public Integer call() {
        Gateway gateway = Gateway.start(host, port, devicePort);
        PrintWriter out = spec.commandLine().getOut();
        out.println("PAGE " + gateway.page());
        out.println("LISTENING " + gateway.devices());
        out.println("try: curl " + gateway.page() + "quotes/EUR");
        out.println("     curl -N " + gateway.page() + "quotes/EUR/live");
        out.println("     ./msgtrans send " + gateway.devices()
                + " --request --biz 20 --data '{\"device\":\"pump 7\",\"text\":\"started\"}'");
        out.println("     curl " + gateway.page() + "archive");
        out.flush();
        Lifetime.await(seconds, gateway);
        return 0;
    }
}
