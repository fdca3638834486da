package io.msgtrans.reactive.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.monitor.MonitorOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The queries of the Grafana dashboard, looked up in what a real server answers to a scrape. */
class GrafanaTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Path DASHBOARD = Path.of("../docs/grafana/msgtrans.json");
    private static final Pattern METRIC = Pattern.compile("\\b(msgtrans_[a-z_]+)(?:\\{([^}]*)})?");
    private static final Pattern BY = Pattern.compile("by \\(([a-z, ]+)\\)");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=");

    /** Names of metrics with the names of their labels. */
    private static Map<String, Set<String>> scrape() throws IOException, InterruptedException {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> session.send(session.receive().map(request -> request.response(request.payload()))))
                .bindNow();
        try {
            URI page = ServerDashboard.start(server, Groups.create(), MonitorOptions.DEFAULTS, "127.0.0.1", 0, "");
            Session client = TransportClient.create(server.uri().toString()).connectNow();
            client.request(Packet.request("hello")).block(LIMIT);
            HttpResponse<String> response = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(page.resolve("metrics")).build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            client.dispose();
            Map<String, Set<String>> found = new HashMap<>();
            response.body().lines().filter(line -> !line.startsWith("#")).forEach(line -> {
                Matcher metric = METRIC.matcher(line);
                if (metric.lookingAt()) {
                    found.computeIfAbsent(metric.group(1), any -> new TreeSet<>())
                            .addAll(labels(metric.group(2)));
                }
            });
            return found;
        } finally {
            server.dispose();
            server.onDispose().block(LIMIT);
        }
    }

    private static List<String> labels(String selector) {
        return selector == null
                ? List.of()
                : LABEL.matcher(selector)
                        .results()
                        .map(result -> result.group(1))
                        .toList();
    }

    @Test
    void everyQueryFindsItsMetrics() throws IOException, InterruptedException {
        Map<String, Set<String>> known = scrape();
        List<String> queries = new ArrayList<>();
        JsonNode dashboard = JsonMapper.shared().readTree(DASHBOARD.toFile());
        dashboard
                .get("panels")
                .forEach(panel -> panel.get("targets")
                        .forEach(target -> queries.add(target.get("expr").asString())));
        dashboard
                .get("templating")
                .get("list")
                .forEach(variable -> queries.add(variable.get("query").asString()));
        assertThat(queries).hasSizeGreaterThan(20);
        Set<String> used = new TreeSet<>();
        for (String query : queries) {
            for (MatchResult metric : METRIC.matcher(query).results().toList()) {
                String name = metric.group(1);
                used.add(name);
                assertThat(known).as(query).containsKey(name);
                assertThat(known.get(name)).as(query).containsAll(labels(metric.group(2)));
                for (MatchResult by : BY.matcher(query).results().toList()) {
                    assertThat(known.get(name)).as(query).contains(by.group(1).split(", *"));
                }
            }
        }
        assertThat(used).hasSizeGreaterThan(20);
    }
}
