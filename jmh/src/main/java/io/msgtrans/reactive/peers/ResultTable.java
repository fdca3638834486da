package io.msgtrans.reactive.peers;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Medians over the rounds as Markdown: one table for each workload, one line for each contestant. */
final class ResultTable {

    private static final List<String> REFERENCES = List.of("netty-coalescing", "reactor-netty", "rsocket");

    private final List<String> contestants;
    private final List<Result> results;

    ResultTable(List<String> contestants, List<Result> results) {
        this.contestants = contestants;
        this.results = results;
    }

    String toMarkdown() {
        StringBuilder text = new StringBuilder();
        results.stream().map(Result::workload).distinct().forEach(workload -> append(text, workload));
        return text.toString();
    }

    private void append(StringBuilder text, Workload workload) {
        boolean oneWay = workload.kind() == Workload.Kind.ONEWAY
                || workload.kind() == Workload.Kind.BROADCAST; // without latencies
        text.append("### ").append(workload).append("\n\n| contestant | packets/s | min-max | MB/s |");
        REFERENCES.forEach(reference -> text.append(" / ").append(reference).append(" |"));
        text.append(
                oneWay
                        ? " CPU ns/packet server, client | B/packet | errors |\n"
                        : " p50 µs | p90 | p99 | p99.9 | max | CPU ns/packet server, client | B/packet | errors |\n");
        text.append("|---").append("|---:".repeat(oneWay ? 9 : 14)).append("|\n");
        for (String contestant : contestants) {
            List<Result> runs = runs(workload, contestant);
            if (!runs.isEmpty()) {
                appendLine(text, workload, contestant, runs, oneWay);
            }
        }
        text.append('\n');
    }

    private void appendLine(
            StringBuilder text, Workload workload, String contestant, List<Result> runs, boolean oneWay) {
        double rate = median(runs, Result::rate);
        double min = runs.stream().mapToDouble(Result::rate).min().orElseThrow();
        double max = runs.stream().mapToDouble(Result::rate).max().orElseThrow();
        cell(text, contestant);
        cell(text, rate(rate));
        cell(text, rate(min) + "-" + rate(max));
        cell(text, String.format(Locale.ROOT, "%.0f", rate * workload.payloadBytes() / 1e6));
        for (String reference : REFERENCES) {
            List<Result> referenceRuns = runs(workload, reference);
            cell(text, referenceRuns.isEmpty() ? "-" : ratio(rate / median(referenceRuns, Result::rate)));
        }
        if (!oneWay) {
            cell(text, micros(median(runs, run -> run.latency().p50())));
            cell(text, micros(median(runs, run -> run.latency().p90())));
            cell(text, micros(median(runs, run -> run.latency().p99())));
            cell(text, micros(median(runs, run -> run.latency().p999())));
            cell(text, micros(median(runs, run -> run.latency().max())));
        }
        cell(
                text,
                micros(median(runs, Result::serverNanosPerPacket)) + ", "
                        + micros(median(runs, Result::clientNanosPerPacket)));
        cell(text, micros(median(runs, Result::allocatedPerPacket)));
        cell(text, Long.toString(runs.stream().mapToLong(Result::errors).sum()));
        text.append("|\n");
    }

    private List<Result> runs(Workload workload, String contestant) {
        return results.stream()
                .filter(run ->
                        run.workload().equals(workload) && run.contestant().equals(contestant))
                .toList();
    }

    private static void cell(StringBuilder text, String value) {
        text.append("| ").append(value).append(' ');
    }

    private static double median(List<Result> runs, ToDoubleFunction<Result> value) {
        double[] sorted = runs.stream().mapToDouble(value).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Packets per second, in millions or thousands. */
    static String rate(double perSecond) {
        return perSecond >= 1e6
                ? String.format(Locale.ROOT, "%.2f M", perSecond / 1e6)
                : String.format(Locale.ROOT, "%.1f k", perSecond / 1e3);
    }

    private static String ratio(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static String micros(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }
}
