package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.monitor.LatencySummary;
import io.msgtrans.reactive.monitor.MonitorSnapshot;
import io.msgtrans.reactive.monitor.ProcessStats;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Flux;

/** Shows a running server in the terminal. */
@Command(
        name = "top",
        mixinStandardHelpOptions = true,
        description = "Shows how a running server does, once a second, until Ctrl-C.")
final class TopCommand implements Callable<Integer> {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());
    private static final int BAR = 24;
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[J";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private FeedClient feed = new FeedClient();

    @Option(names = "--count", paramLabel = "N", description = "End after so many views; default: never.")
    private long count = Long.MAX_VALUE;

    @Option(
            names = "--sort",
            paramLabel = "COLUMN",
            defaultValue = "-bytesIn",
            description = "Order of the sessions: packetsIn, packetsOut, bytesIn, bytesOut, queuedBytes, id..., "
                    + "with - for the largest first; default: ${DEFAULT-VALUE}.")
    private String sort = "-bytesIn";

    @Option(names = "--sessions", paramLabel = "N", defaultValue = "10", description = "Sessions to show; default: 10.")
    private int sessions = 10;

    @Override
    public Integer call() {
        Session session = feed.connect();
        try {
            FeedClient.Info info =
                    Objects.requireNonNull(FeedClient.info(session).block());
            FeedClient.updates(session)
                    .onBackpressureLatest()
                    .concatMap(
                            update ->
                                    FeedClient.sessions(session, sort, sessions).map(rows -> view(info, update, rows)),
                            1)
                    .timeout(
                            LIMIT,
                            Flux.error(new IllegalStateException("nothing came for " + LIMIT.toSeconds() + " s")))
                    .take(count)
                    .doOnNext(this::show)
                    .blockLast();
            if (session.isDisposed()) {
                throw new IllegalStateException("the server is gone");
            }
            return 0;
        } finally {
            session.dispose();
        }
    }

    private void show(List<String> lines) {
        PrintWriter out = spec.commandLine().getOut();
        if (Boolean.getBoolean("msgtrans.terminal")) {
            out.print(HOME_AND_CLEAR);
        }
        lines.forEach(out::println);
        out.flush();
    }

    private static List<String> view(FeedClient.Info info, FeedClient.Update update, FeedClient.SessionRows table) {
        MonitorSnapshot now = update.snapshot();
        ProcessStats process = now.process();
        LatencySummary answers = now.answers();
        List<String> lines = new ArrayList<>();
        lines.add(text(
                "%s  %s  %s",
                info.title(), CLOCK.format(Instant.ofEpochMilli(now.epochMillis())), String.join(" ", info.uris())));
        lines.add("");
        lines.add(text("  %-10s %12s in/s   %12s out/s", "packets", count(now.packetsIn()), count(now.packetsOut())));
        lines.add(text("  %-10s %12s in/s   %12s out/s", "bytes", bytes(now.bytesIn()), bytes(now.bytesOut())));
        lines.add(text(
                "  %-10s %12s   p99 %s   p99.9 %s   max %s",
                "answers",
                "p50 " + micros(answers.p50()),
                micros(answers.p99()),
                micros(answers.p999()),
                micros(answers.max())));
        lines.add(text(
                "  %-10s %12d   +%s/s   full %d   stalled %d   queued %s",
                "sessions", now.sessions(), count(now.opened()), now.full(), now.stalled(), bytes((double)
                        now.queuedBytes())));
        lines.add(text(
                "  %-10s %12s   time-outs %s   lost %s/s   dropped %s/s",
                "errors", share(now.errorRate()), share(now.timeoutRate()), count(now.lost()), count(now.dropped())));
        lines.add(text(
                "  %-10s %12s %s machine %s",
                "cpu", share(process.cpu()), bar(process.cpu()), share(process.machineCpu())));
        double heap = process.heapMax() <= 0 ? 0 : (double) process.heapUsed() / process.heapMax();
        lines.add(text(
                "  %-10s %12s %s direct %s   collector %s",
                "heap",
                bytes((double) process.heapUsed()),
                bar(heap),
                bytes((double) process.directUsed()),
                share(process.gcShare())));
        lines.add("");
        lines.add(text(
                "  %-8s %10s %14s %14s %14s %14s",
                "protocol", "sessions", "packets in/s", "out/s", "bytes in/s", "out/s"));
        now.protocols()
                .forEach((name, rates) -> lines.add(text(
                        "  %-8s %10d %14s %14s %14s %14s",
                        name,
                        rates.sessions(),
                        count(rates.packetsIn()),
                        count(rates.packetsOut()),
                        bytes(rates.bytesIn()),
                        bytes(rates.bytesOut()))));
        lines.add("");
        lines.add(text(
                "  %-8s %-8s %-24s %12s %12s %12s %12s %12s",
                "session", "protocol", "peer", "packets in", "out", "bytes in", "out", "queued"));
        for (FeedClient.SessionRow row : table.rows()) {
            lines.add(text(
                    "  %-8d %-8s %-24s %12s %12s %12s %12s %12s%s%s",
                    row.id(),
                    row.scheme(),
                    row.remote(),
                    count((double) row.packetsIn()),
                    count((double) row.packetsOut()),
                    bytes((double) row.bytesIn()),
                    bytes((double) row.bytesOut()),
                    bytes((double) row.queuedBytes()),
                    row.full() ? " full" : "",
                    row.stalled() ? " stalled" : ""));
        }
        if (table.rows().size() < table.sessions()) {
            lines.add(text("  and %d more", table.sessions() - table.rows().size()));
        }
        update.alerts().forEach(alert -> lines.add("  ALERT " + alert.message()));
        return lines;
    }

    private static String bar(double share) {
        int full = (int) Math.round(Math.max(0, Math.min(1, share)) * BAR);
        return "[" + "#".repeat(full) + ".".repeat(BAR - full) + "]";
    }

    private static String count(double value) {
        return value >= 1e6
                ? text("%.2f M", value / 1e6)
                : value >= 1e4 ? text("%.1f k", value / 1e3) : text("%.0f", value);
    }

    private static String bytes(double value) {
        return value >= 1 << 30
                ? text("%.2f GiB", value / (1 << 30))
                : value >= 1 << 20
                        ? text("%.1f MiB", value / (1 << 20))
                        : value >= 1 << 10 ? text("%.1f KiB", value / (1 << 10)) : text("%.0f B", value);
    }

    private static String micros(double value) {
        return value >= 1e6
                ? text("%.2f s", value / 1e6)
                : value >= 1e3 ? text("%.2f ms", value / 1e3) : text("%.0f us", value);
    }

    private static String share(double value) {
        return value < 0 ? "-" : text("%.1f %%", value * 100);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
