package io.msgtrans.reactive.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes {@code docs/speed.md}: what the head-to-head measured, with charts, and the bytes per operation of the microbenchmarks, between
 * two texts that people write.
 *
 * <pre>
 *   SpeedPage DOCS_FOLDER INTRODUCTION.txt FINDINGS.txt RESULTS.json ...
 * </pre>
 */
public final class SpeedPage {

    /** What the others of a table are compared with: the first of these that is in it. */
    private static final List<String> REFERENCES =
            List.of("netty-coalescing", "netty-packet-quic", "rsocket", "msgtrans-copying", "msgtrans");

    private SpeedPage() {}

    public static void main(String[] args) throws IOException {
        if (args.length < 4) {
            throw new IllegalArgumentException("SpeedPage DOCS_FOLDER INTRODUCTION.txt FINDINGS.txt RESULTS.json ...");
        }
        Path docs = Path.of(args[0]);
        StringBuilder page = new StringBuilder(Files.readString(Path.of(args[1])));
        for (int i = 3; i < args.length; i++) {
            JsonNode results = new JsonMapper().readTree(Files.readString(Path.of(args[i])));
            if (results.isArray()) {
                bytes(page, results);
            } else {
                headToHead(page, Charts.runName(Path.of(args[i])), results, docs);
            }
        }
        page.append('\n').append(Files.readString(Path.of(args[2])));
        Files.writeString(docs.resolve("speed.md"), page.toString().stripTrailing() + "\n");
    }

    private static void headToHead(StringBuilder page, String name, JsonNode run, Path docs) {
        JsonNode results = run.get("results");
        page.append("\n## ")
                .append(run.get("environment").get("title").asString())
                .append("\n\n");
        page.append("| | |\n|---|---|\n");
        run.get("environment").properties().stream()
                .filter(entry -> !entry.getKey().equals("title"))
                .forEach(entry -> page.append("| ")
                        .append(entry.getKey())
                        .append(" | ")
                        .append(entry.getValue().asString())
                        .append(" |\n"));
        page.append("| processors given to others by the host, median and most | ")
                .append(medianAndMost(results, "steal", "%.0f %%, %.0f %%"))
                .append(" |\n");
        if (results.get(0).has("hop")) {
            page.append("| a cache line from one of the two processors to the other, median and most | ")
                    .append(medianAndMost(results, "hop", "%.0f ns, %.0f ns"))
                    .append(" |\n");
        }
        Set<String> workloads = new LinkedHashSet<>();
        results.forEach(result -> workloads.add(result.get("workload").asString()));
        for (String workload : workloads) {
            table(page, results, workload);
            for (String chart : List.of(Charts.rates(name, workload), Charts.latencies(name, workload))) {
                if (Files.exists(docs.resolve("charts").resolve(chart + ".svg"))) {
                    page.append("\n![")
                            .append(chart)
                            .append("](charts/")
                            .append(chart)
                            .append(".svg)\n");
                }
            }
        }
    }

    private static String medianAndMost(JsonNode results, String name, String format) {
        List<Double> values = new ArrayList<>();
        results.forEach(result -> values.add(result.get(name).asDouble()));
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return String.format(Locale.ROOT, format, median(sorted), sorted[sorted.length - 1]);
    }

    private static void table(StringBuilder page, JsonNode results, String workload) {
        Map<String, List<JsonNode>> runs = new LinkedHashMap<>();
        for (JsonNode result : results) {
            if (result.get("workload").asString().equals(workload)) {
                runs.computeIfAbsent(result.get("contestant").asString(), absent -> new ArrayList<>())
                        .add(result);
            }
        }
        boolean timed =
                runs.values().stream().anyMatch(each -> each.get(0).get("p50").asDouble() > 0);
        page.append("\n### `").append(workload).append("`\n\n");
        String reference =
                REFERENCES.stream().filter(runs::containsKey).findFirst().orElse("");
        page.append("| contestant | packets/s | lowest to highest | ")
                .append(reference.isEmpty() ? "" : "/ " + reference)
                .append(" | CPU ns per packet: server, client |");
        page.append(timed ? " p50 us | p99 | p99.9 | errors |\n" : " errors |\n");
        page.append("|---|---:|---:|---:|---:|")
                .append("---:|".repeat(timed ? 4 : 1))
                .append('\n');
        List<JsonNode> compared = runs.getOrDefault(reference, List.of());
        double referenceRate = compared.isEmpty() ? 0 : median(compared, "rate");
        runs.forEach((contestant, each) -> {
            double rate = median(each, "rate");
            double[] rates = sorted(each, "rate");
            page.append("| `")
                    .append(contestant)
                    .append("` | ")
                    .append(rate(rate))
                    .append(" | ");
            page.append(rate(rates[0]))
                    .append(" to ")
                    .append(rate(rates[rates.length - 1]))
                    .append(" | ");
            page.append(referenceRate == 0 ? "" : String.format(Locale.ROOT, "%.2f", rate / referenceRate))
                    .append(" | ");
            page.append(String.format(
                    Locale.ROOT, "%.0f, %.0f |", perPacket(each, "serverCpu"), perPacket(each, "clientCpu")));
            if (timed) {
                for (String percentile : List.of("p50", "p99", "p999")) {
                    page.append(String.format(Locale.ROOT, " %,.0f |", median(each, percentile)));
                }
            }
            page.append(' ')
                    .append(each.stream()
                            .mapToLong(result -> result.get("errors").asLong())
                            .sum())
                    .append(" |\n");
        });
    }

    private static double perPacket(List<JsonNode> runs, String cpu) {
        return median(runs.stream()
                .mapToDouble(run -> run.get(cpu).asDouble()
                        * 1e9
                        / Math.max(1, run.get("packets").asDouble()))
                .sorted()
                .toArray());
    }

    private static double[] sorted(List<JsonNode> runs, String figure) {
        return runs.stream()
                .mapToDouble(run -> run.get(figure).asDouble())
                .sorted()
                .toArray();
    }

    private static double median(List<JsonNode> runs, String figure) {
        return median(sorted(runs, figure));
    }

    private static double median(double[] sorted) {
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static String rate(double perSecond) {
        return perSecond >= 1e6
                ? String.format(Locale.ROOT, "%.2f M", perSecond / 1e6)
                : String.format(Locale.ROOT, "%.1f k", perSecond / 1e3);
    }

    /** What the gc profiler of JMH saw. */
    private static void bytes(StringBuilder page, JsonNode results) {
        page.append("\n## Bytes allocated per operation\n\n");
        page.append(
                "JMH with its gc profiler; one packet of 64 bytes through a pair of sessions without a network unless named otherwise.\n\n");
        page.append("| benchmark | bytes per operation |\n|---|---:|\n");
        for (JsonNode result : results) {
            String[] name = result.get("benchmark").asString().split("\\.", -1);
            JsonNode params = result.get("params");
            String of = params == null
                    ? ""
                    : Stream.of(params.properties().stream()
                                    .map(param -> param.getValue().asString())
                                    .toArray(String[]::new))
                            .reduce("", (all, one) -> all + " " + one);
            JsonNode norm = result.get("secondaryMetrics").get("gc.alloc.rate.norm");
            if (norm != null) {
                page.append("| `")
                        .append(String.join(".", Arrays.asList(name).subList(name.length - 2, name.length)))
                        .append(of)
                        .append("` | ")
                        .append(String.format(
                                Locale.ROOT, "%.1f", norm.get("score").asDouble()))
                        .append(" |\n");
            }
        }
    }
}
