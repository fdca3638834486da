package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.balance.Balancer;
import io.msgtrans.reactive.balance.BalancerOptions;
import io.msgtrans.reactive.balance.Endpoint;
import io.msgtrans.reactive.balance.Endpoints;
import io.msgtrans.reactive.samples.process.ServerProcess;
import io.msgtrans.reactive.upgrade.Upgrade;
import io.msgtrans.reactive.upgrade.UpgradeEvent;
import io.msgtrans.reactive.upgrade.UpgradeOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Collections;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The upgrade sample. */
@Command(
        name = "upgrade",
        mixinStandardHelpOptions = true,
        description = {
            "Moves traffic from one server process to another in steps, under load: no request may fail.",
            "With --sick the new version answers only some requests, and is rolled back."
        })
final class UpgradeCommand implements Callable<Integer> {

    private static final int CALLERS = 1024;
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--watch",
            defaultValue = "2",
            paramLabel = "S",
            description = "Seconds to settle, and to watch, per step. Default: 2.")
    private int watch;

    @Option(
            names = "--rate",
            defaultValue = "2000",
            paramLabel = "N",
            description = "Requests per second, rounded down to thousands. Default: 2000.")
    private int rate;

    @Option(
            names = "--slack",
            defaultValue = "5",
            paramLabel = "MS",
            description =
                    "By how many milliseconds the new version, which has just begun, may be slower than twice the old one's time."
                            + " Default: 5.")
    private int slackMillis;

    @Option(names = "--sick", description = "The new version is ill.")
    private boolean sick;

    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rate < 1000 || watch < 1 || slackMillis < 0) {
            throw new IllegalArgumentException("--rate is at least 1000, --watch at least 1, --slack at least 0");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (ServerProcess oldVersion = serve(ServerMode.ECHO);
                ServerProcess newVersion = serve(sick ? ServerMode.SICK : ServerMode.ECHO)) {
            Balancer balancer = Balancer.of(
                    Endpoints.of(
                            Endpoint.of(oldVersion.uri().toString()).group("old"),
                            Endpoint.of(newVersion.uri().toString()).group("new")),
                    BalancerOptions.DEFAULTS
                            .retryBudget(1, 1000)
                            .attemptTimeout(Duration.ofSeconds(2))
                            .attempts(4));
            balancer.events().subscribe(event -> out.println("        " + BalanceOptions.line(event)));
            Disposable load = Flux.interval(Duration.ofMillis(1))
                    .onBackpressureDrop()
                    .concatMapIterable(tick -> Collections.nCopies(rate / 1000, tick))
                    .flatMap(tick -> ask(balancer, out), CALLERS)
                    .subscribe();
            UpgradeEvent last = Upgrade.of(
                            balancer,
                            "old",
                            "new",
                            UpgradeOptions.DEFAULTS
                                    .watch(Duration.ofSeconds(watch), 20)
                                    .settle(Duration.ofSeconds(watch))
                                    .slower(UpgradeOptions.DEFAULTS.latencyFactor(), Duration.ofMillis(slackMillis))
                                    .drainOld(() -> end(oldVersion)))
                    .run()
                    .doOnNext(event -> show(event, out))
                    .blockLast(LIMIT);
            Mono.delay(Duration.ofSeconds(1)).block(); // what comes after it counts too
            load.dispose();
            balancer.dispose();
            out.println(String.format(Locale.ROOT, "%,d requests answered, %,d failed", answered.sum(), failed.sum()));
            UpgradeEvent.Kind wanted = sick ? UpgradeEvent.Kind.ROLLED_BACK : UpgradeEvent.Kind.DONE;
            return last != null && last.kind() == wanted && (sick || failed.sum() == 0) ? 0 : Main.FAILED;
        }
    }

    private static ServerProcess serve(ServerMode mode) throws IOException, InterruptedException {
        return ServerProcess.start("serve", "--listen", "ws://127.0.0.1:0", "--mode", mode.name());
    }

    private static Mono<Void> end(ServerProcess process) {
        return Mono.<Void>fromCallable(() -> {
                    process.terminate();
                    process.await();
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    private Mono<Void> ask(Balancer balancer, PrintWriter out) {
        return balancer.requestIdempotent(Packet.request("?"))
                .doOnNext(answer -> answered.increment())
                .then()
                .onErrorResume(error -> {
                    failed.increment();
                    if (!sick) {
                        out.println("a request failed: " + error.getMessage());
                    }
                    return Mono.empty();
                });
    }

    private static void show(UpgradeEvent event, PrintWriter out) {
        out.println(String.format(
                Locale.ROOT,
                "%3d %%  %s  %s",
                event.percent(),
                event.kind().toString().toLowerCase(Locale.ROOT).replace('_', ' '),
                event.detail()));
        out.flush();
    }
}
