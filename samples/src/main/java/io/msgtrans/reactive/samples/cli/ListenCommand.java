package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;

/** Prints what a server sends. */
@Command(
        name = "listen",
        mixinStandardHelpOptions = true,
        description = "Connects and prints what arrives, one line per packet, until the server closes or Ctrl-C.")
final class ListenCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "URI", description = "Where to, for example ws://127.0.0.1:8002.")
    private String uri = "";

    @Option(names = "--count", paramLabel = "N", description = "End after so many packets; default: never.")
    private long count;

    @Option(names = "--seconds", paramLabel = "N", description = "End after so long; default: never.")
    private long seconds;

    @Mixin
    private TlsOptions tls = new TlsOptions();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Session session = TransportClient.create(uri).endpoint(tls::apply).connectNow();
        try {
            Flux<Packet> packets = session.receive();
            if (count > 0) {
                packets = packets.take(count);
            }
            if (seconds > 0) {
                packets = packets.take(Duration.ofSeconds(seconds));
            }
            packets.doOnNext(packet -> {
                        out.println(packet.type() + " id=" + packet.messageId() + " biz=" + packet.bizType() + " "
                                + packet.payloadText());
                        out.flush();
                    })
                    .blockLast();
        } finally {
            session.dispose();
        }
        return 0;
    }
}
