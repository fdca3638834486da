package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.balance.Balancer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;

/** Sends packets, and prints the answers if asked for. */
@Command(
        name = "send",
        mixinStandardHelpOptions = true,
        description = "Sends one packet or many; with --request prints the answers' payloads, one per line.")
final class SendCommand implements Callable<Integer> {

    private static final int CONCURRENT_REQUESTS = 64;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "1..*",
            paramLabel = "URI",
            description =
                    "Where to, for example tcp://127.0.0.1:8001; several to spread requests over. A - at the end reads "
                            + "the payload from standard input.")
    private List<String> targets = List.of();

    @ArgGroup(exclusive = true)
    private Source source = new Source();

    /** Where the payload comes from. */
    static final class Source {
        @Option(names = "--data", paramLabel = "TEXT", description = "The payload.")
        private @Nullable String data;

        @Option(names = "--file", paramLabel = "F", description = "A file with the payload.")
        private @Nullable Path file;
    }

    @Option(names = "--request", description = "Ask for an answer and print it.")
    private boolean request;

    @Option(names = "--count", paramLabel = "N", defaultValue = "1", description = "How many. Default: 1.")
    private int count = 1;

    @Option(names = "--biz", paramLabel = "N", defaultValue = "0", description = "Biz type, 0..255. Default: 0.")
    private int biz;

    @Option(names = "--ext", paramLabel = "TEXT", defaultValue = "", description = "Extension header.")
    private String ext = "";

    @Option(names = "--compress", paramLabel = "CODEC", description = "zlib or zstd. Default: none.")
    private Compression compression = Compression.NONE;

    @Option(names = "--timeout", paramLabel = "S", defaultValue = "10", description = "Seconds to wait. Default: 10.")
    private int timeout = 10;

    @Mixin
    private BalanceOptions balance = new BalanceOptions();

    @Mixin
    private TlsOptions tls = new TlsOptions();

    @Override
    public Integer call() throws IOException {
        if (count < 1 || timeout < 1) {
            throw new IllegalArgumentException("--count and --timeout must be at least 1");
        }
        Packet packet = Packet.builder(request ? PacketType.REQUEST : PacketType.ONE_WAY)
                .bizType(biz)
                .extHeader(ext)
                .compression(compression)
                .payload(payload())
                .build();
        Duration limit = Duration.ofSeconds(timeout);
        if (balance.isWanted(uris())) {
            return balanced(packet, limit);
        }
        Session session =
                TransportClient.create(uris().get(0)).endpoint(tls::apply).connectNow();
        try {
            if (request) {
                PrintWriter out = spec.commandLine().getOut();
                Flux.range(0, count)
                        .flatMapSequential(i -> session.request(packet, limit), CONCURRENT_REQUESTS)
                        .doOnNext(answer -> out.println(answer.payloadText()))
                        .blockLast(limit.multipliedBy(1 + count / CONCURRENT_REQUESTS));
                out.flush();
            } else {
                session.send(Flux.range(0, count).map(i -> packet)).block(limit);
            }
            session.close().block(limit);
        } finally {
            session.dispose();
        }
        return 0;
    }

    /** Over several servers, one after the other or many at one time; tried again where that is safe. */
    private int balanced(Packet packet, Duration limit) {
        PrintWriter out = spec.commandLine().getOut();
        Balancer balancer = balance.open(uris(), tls, limit, 1);
        try {
            Duration all = limit.multipliedBy(2L + count / CONCURRENT_REQUESTS);
            if (request) {
                Flux.range(0, count)
                        .flatMapSequential(i -> balancer.request(packet), CONCURRENT_REQUESTS)
                        .doOnNext(answer -> out.println(answer.payloadText()))
                        .blockLast(all);
                out.flush();
            } else {
                Flux.range(0, count)
                        .concatMap(i -> balancer.use(packet, session -> session.send(packet)))
                        .blockLast(all);
            }
            BalanceOptions.report(balancer, spec.commandLine().getErr());
            return 0;
        } finally {
            balancer.dispose();
        }
    }

    private boolean isFromStandardInput() {
        return targets.get(targets.size() - 1).equals("-");
    }

    private List<String> uris() {
        return isFromStandardInput() ? targets.subList(0, targets.size() - 1) : targets;
    }

    private byte[] payload() throws IOException {
        if (isFromStandardInput()) {
            if (targets.size() == 1 || source.data != null || source.file != null) {
                throw new IllegalArgumentException("- stands behind the URI, and without --data or --file");
            }
            return System.in.readAllBytes();
        }
        if (source.file != null) {
            return Files.readAllBytes(source.file);
        }
        String data = source.data;
        return data == null ? new byte[0] : data.getBytes(StandardCharsets.UTF_8);
    }
}
