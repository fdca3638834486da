package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.samples.cache.CacheLoad;
import io.msgtrans.reactive.samples.cache.CacheNode;
import io.msgtrans.reactive.samples.cache.CacheSample;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The cache sample. */
@Command(
        name = "cache",
        mixinStandardHelpOptions = true,
        description = {
            "Runs three cache nodes in processes of their own under load, kills one, starts it again,",
            "and looks whether anything that was acknowledged is missing. With --clients: one node, and how many",
            "operations of so many clients it answers. With --listen: runs one node."
        })
final class CacheCommand implements Callable<Integer> {

    private static final Duration DRAIN = Duration.ofSeconds(5);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--seconds", defaultValue = "12", paramLabel = "N", description = "How long. Default: 12.")
    private int seconds;

    @Option(names = "--clients", defaultValue = "0", paramLabel = "N", description = "That many, on one node.")
    private int clients;

    @Option(
            names = "--in-flight",
            defaultValue = "8",
            paramLabel = "N",
            description = "Operations under way of each of these. Default: 8.")
    private int inFlight;

    @Option(names = "--listen", paramLabel = "URI", description = "Only run a node there, until Ctrl-C.")
    private @Nullable String listen;

    @Option(names = "--node", defaultValue = "0", paramLabel = "N", description = "Its number, 0..255. Default: 0.")
    private int node;

    @Option(names = "--peer", paramLabel = "URI", description = "Another node; repeatable.")
    private List<String> peers = List.of();

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (listen == null) {
            if (seconds < 3) {
                throw new IllegalArgumentException("--seconds must be at least 3");
            }
            if (clients < 0 || inFlight < 1) {
                throw new IllegalArgumentException("--clients and --in-flight must be positive");
            }
            if (clients > 0) {
                return new CacheLoad(clients, inFlight, seconds, out).run() ? 0 : Main.FAILED;
            }
            return new CacheSample(seconds, out).run() ? 0 : Main.FAILED;
        }
        CacheNode running = CacheNode.start(node, listen, peers);
        out.println("LISTENING " + running.uri());
        out.flush();
        CountDownLatch end = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            running.drain(DRAIN).block(DRAIN.plusSeconds(2));
                            end.countDown();
                        },
                        "msgtrans-drain"));
        end.await();
        return 0;
    }
}
