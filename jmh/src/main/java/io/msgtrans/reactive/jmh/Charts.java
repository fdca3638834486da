package io.msgtrans.reactive.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Draws the results of JMH and of the head-to-head as bars, one SVG file for each benchmark class, or for each workload of a file of results,
 * whose name its charts begin with.
 *
 * <pre>
 *   Charts OUTPUT_FOLDER RESULTS.json ...
 * </pre>
 */
public final class Charts {

    private static final int LEFT = 270;
    private static final int BAR_WIDTH = 440;
    private static final int RIGHT = 150;
    private static final int BAR = 22;
    private static final int STEP = 30;
    private static final int TOP = 56;

    /** One line of a chart: a value between the lowest and the highest that were measured. */
    private record Bar(String label, double value, double low, double high) {}

    private record Chart(String title, String unit, List<Bar> bars) {}

    private Charts() {}

    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            throw new IllegalArgumentException("Charts OUTPUT_FOLDER RESULTS.json ...");
        }
        Path folder = Files.createDirectories(Path.of(args[0]));
        for (int i = 1; i < args.length; i++) {
            Path file = Path.of(args[i]);
            JsonNode results = new JsonMapper().readTree(Files.readString(file));
            Map<String, Chart> charts =
                    results.isArray() ? micro(results) : headToHead(runName(file), results.get("results"));
            for (Map.Entry<String, Chart> chart : charts.entrySet()) {
                Path drawn = folder.resolve(chart.getKey() + ".svg");
                Files.writeString(drawn, svg(chart.getValue()));
                System.out.println(drawn);
            }
        }
    }

    /** What the charts of a file of results begin with. */
    static String runName(Path file) {
        return file.getFileName().toString().replaceFirst("\\.json$", "");
    }

    /** The name of a chart, without the ending. */
    static String rates(String run, String workload) {
        return run + "-" + workload.replace(':', '-');
    }

    /** The name of a chart, without the ending. */
    static String latencies(String run, String workload) {
        return run + "-latency-" + workload.replace(':', '-');
    }

    private static Map<String, Chart> micro(JsonNode results) {
        Map<String, Chart> charts = new LinkedHashMap<>();
        for (JsonNode result : results) {
            String[] name = result.get("benchmark").asString().split("\\.", -1);
            String group = name[name.length - 2].replace("Benchmark", "");
            StringBuilder label = new StringBuilder(name[name.length - 1]);
            JsonNode params = result.get("params");
            if (params != null) {
                params.properties()
                        .forEach(param ->
                                label.append(' ').append(param.getValue().asString()));
            }
            if (result.get("threads").asInt() > 1) {
                label.append(", ").append(result.get("threads").asInt()).append(" threads");
            }
            JsonNode metric = result.get("primaryMetric");
            double score = metric.get("score").asDouble();
            double error = metric.get("scoreError").asDouble();
            error = Double.isFinite(error) ? Math.min(error, score) : 0;
            charts.computeIfAbsent(
                            group.toLowerCase(Locale.ROOT),
                            absent -> new Chart(
                                    group,
                                    metric.get("scoreUnit").asString().replace("ops/us", "million/s"),
                                    new ArrayList<>()))
                    .bars()
                    .add(new Bar(label.toString(), score, score - error, score + error));
        }
        return charts;
    }

    private static Map<String, Chart> headToHead(String run, JsonNode results) {
        Map<String, Map<String, List<Double>>> rates = new TreeMap<>();
        for (JsonNode result : results) {
            rates.computeIfAbsent(result.get("workload").asString(), absent -> new LinkedHashMap<>())
                    .computeIfAbsent(result.get("contestant").asString(), absent -> new ArrayList<>())
                    .add(result.get("rate").asDouble() / 1e6);
        }
        Map<String, Chart> charts = new LinkedHashMap<>();
        rates.forEach((workload, contestants) -> {
            List<Bar> bars = new ArrayList<>();
            contestants.forEach((contestant, values) -> {
                List<Double> sorted = values.stream().sorted().toList();
                double median = (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
                bars.add(new Bar(contestant, median, sorted.get(0), sorted.get(sorted.size() - 1)));
            });
            bars.sort(Comparator.comparingDouble(Bar::value).reversed());
            charts.put(rates(run, workload), new Chart(workload, "million/s", bars));
        });
        latencies(run, results, charts);
        return charts;
    }

    /** From the median to the 99.9th percentile, by the 99th, of each contestant. */
    private static void latencies(String run, JsonNode results, Map<String, Chart> charts) {
        Map<String, Map<String, List<JsonNode>>> runs = new TreeMap<>();
        for (JsonNode result : results) {
            if (result.get("p50").asDouble() > 0) {
                runs.computeIfAbsent(result.get("workload").asString(), absent -> new LinkedHashMap<>())
                        .computeIfAbsent(result.get("contestant").asString(), absent -> new ArrayList<>())
                        .add(result);
            }
        }
        runs.forEach((workload, contestants) -> {
            List<Bar> bars = new ArrayList<>();
            contestants.forEach((contestant, each) ->
                    bars.add(new Bar(contestant, median(each, "p99"), median(each, "p50"), median(each, "p999"))));
            bars.sort(Comparator.comparingDouble(Bar::value));
            charts.put(
                    latencies(run, workload),
                    new Chart(
                            workload,
                            "microseconds: the 99th percentile, with a line from the median to the 99.9th",
                            bars));
        });
    }

    private static double median(List<JsonNode> runs, String figure) {
        double[] sorted = runs.stream()
                .mapToDouble(run -> run.get(figure).asDouble())
                .sorted()
                .toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static String svg(Chart chart) {
        double highest = highest(chart);
        int height = TOP + chart.bars().size() * STEP + 16;
        int width = LEFT + BAR_WIDTH + RIGHT;
        StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui,sans-serif" font-size="13">
                <style>
                .back{fill:#fff}.text{fill:#1c2430}.soft{fill:#66707f}.bar{fill:#8fa3bd}.own{fill:#2f6fed}.range{stroke:#1c2430}
                @media(prefers-color-scheme:dark){.back{fill:#161b22}.text{fill:#e6eaf0}.soft{fill:#8d97a6}.bar{fill:#56657a}
                .own{fill:#5b92ff}.range{stroke:#e6eaf0}}
                </style>
                <rect class="back" width="%d" height="%d" rx="8"/>
                <text class="text" x="16" y="26" font-size="16" font-weight="600">%s</text>
                <text class="soft" x="16" y="44">%s</text>
                """,
                width,
                height,
                width,
                height,
                escaped(chart.title()),
                escaped(
                        chart.unit().startsWith("microseconds")
                                ? chart.unit()
                                : chart.unit() + "; lines show the range of the runs, or the error")));
        int y = TOP;
        for (Bar bar : chart.bars()) {
            out.append(bar.high() > highest ? offTheScale(bar, y + BAR / 2) : drawn(bar, y, BAR_WIDTH / highest));
            y += STEP;
        }
        return out.append("</svg>\n").toString();
    }

    private static String drawn(Bar bar, int y, double scale) {
        int middle = y + BAR / 2;
        return String.format(
                Locale.ROOT,
                """
                <text class="text" x="%d" y="%d" text-anchor="end">%s</text>
                <rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>
                <line class="range" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>
                <text class="text" x="%.1f" y="%d">%s</text>
                """,
                LEFT - 10,
                middle + 4,
                escaped(bar.label()),
                isOwn(bar.label()) ? "own" : "bar",
                LEFT,
                y,
                bar.value() * scale,
                BAR,
                LEFT + bar.low() * scale,
                middle,
                LEFT + bar.high() * scale,
                middle,
                LEFT + bar.high() * scale + 8,
                middle + 4,
                number(bar.value()));
    }

    private static String offTheScale(Bar bar, int middle) {
        return String.format(
                Locale.ROOT,
                """
                <text class="text" x="%d" y="%d" text-anchor="end">%s</text>
                <text class="text" x="%d" y="%d">%s, off the scale</text>
                """,
                LEFT - 10,
                middle + 4,
                escaped(bar.label()),
                LEFT + 8,
                middle + 4,
                number(bar.value()));
    }

    /** The end of the scale: one that is hundreds of times above the others would leave nothing to see of them. */
    private static double highest(Chart chart) {
        double[] sorted = chart.bars().stream().mapToDouble(Bar::high).sorted().toArray();
        double most = 100 * sorted[sorted.length / 2];
        return Arrays.stream(sorted).filter(high -> high <= most).max().orElse(1);
    }

    private static boolean isOwn(String label) {
        return label.startsWith("msgtrans")
                || label.contains("Channel")
                || label.startsWith("batches")
                || label.contains("slots");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 1 ? "%.1f" : "%.3g", value);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
