package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.diagnostics.Finding;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Asks a running server why it is slow. */
@Command(
        name = "diagnose",
        mixinStandardHelpOptions = true,
        description =
                "Looks for some seconds why a running server is slow; exit code 1 when there is a critical finding.")
final class DiagnoseCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private FeedClient feed = new FeedClient();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Session session = feed.connect();
        try {
            FeedClient.Info info =
                    Objects.requireNonNull(FeedClient.info(session).block());
            out.println("looking at " + String.join(" ", info.uris()) + " for some seconds ...");
            out.flush();
            List<Finding> findings =
                    Objects.requireNonNull(FeedClient.diagnose(session).block());
            findings.forEach(finding -> print(out, finding));
            if (findings.isEmpty()) {
                out.println("nothing found: no cause of low throughput or long waits was seen at work");
            }
            out.flush();
            return findings.stream().anyMatch(finding -> finding.severity() == Finding.Severity.CRITICAL)
                    ? Main.FAILED
                    : 0;
        } finally {
            session.dispose();
        }
    }

    private static void print(PrintWriter out, Finding finding) {
        String cause = finding.cause().name().replace('_', ' ').toLowerCase(Locale.ROOT);
        out.println();
        out.println(finding.severity() + "  " + cause + ": " + finding.summary());
        finding.evidence().forEach(line -> out.println("    " + line));
        out.println("    -> " + finding.advice());
    }
}
