package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.EndpointOption;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code docs/options.md} is made of the options themselves and of their Javadoc: every public method that gives a changed copy, and every
 * option of a transport. With {@code -Ddocs.write=true} it is written, otherwise compared.
 */
class OptionsDocsTest {

    private static final Path ROOT = Path.of("..");
    private static final Path PAGE = ROOT.resolve("docs/options.md");

    /** The classes, in the order in which readers look for them, with what they are for. */
    private static final List<String[]> CLASSES = List.of(
            new String[] {"SessionOptions", "Sessions: `TransportServer.session`, `TransportClient.session`"},
            new String[] {"EndpointOptions", "Addresses: `TransportServer.listen(uri, …)`, `TransportClient.endpoint`"},
            new String[] {"websocket.WebSocketOptions", "WebSocket: `endpoint.with(OPTION, value)`"},
            new String[] {"quic.QuicOptions", "QUIC: `endpoint.with(OPTION, value)`"},
            new String[] {"admission.AdmissionOptions", "Admission: `TransportServer.admission`"},
            new String[] {"eventloop.EventLoopOptions", "Event loops: `EventLoops.create`"},
            new String[] {"health.HeartbeatOptions", "Heartbeats: `SessionOptions.heartbeat`"},
            new String[] {"group.GroupOptions", "Groups: `Groups.create`"},
            new String[] {"EventOptions", "Server events: `BoundServer.events`"},
            new String[] {"reconnect.ReconnectOptions", "Reconnecting: `ReconnectingSession.of`"},
            new String[] {"pool.PoolOptions", "Pools: `SessionPool.of`"},
            new String[] {"balance.BalancerOptions", "Balancing: `Balancer.of`"},
            new String[] {"delivery.DeliveryOptions", "Delivery with acknowledgement: `AcknowledgedSender.of`"},
            new String[] {"upgrade.UpgradeOptions", "Upgrades: `Upgrade.of`"},
            new String[] {"kafka.KafkaOptions", "Kafka: `KafkaOptions.of`"},
            new String[] {"monitor.MonitorOptions", "Monitoring: `Monitor.of`"},
            new String[] {"tuning.TunerOptions", "Tuning: `Tuner.of`"},
            new String[] {"dashboard.DashboardOptions", "Dashboard: `Dashboard.of`"});

    private static final Pattern OPTION = Pattern.compile(
            "/\\*\\*((?:(?!\\*/).)*)\\*/\\s*(?:@\\w+\\s*)*public (?:<T> )?(?:static final EndpointOption<[^=]+> (\\w+)\\s*=|(\\w+) (\\w+)\\()",
            Pattern.DOTALL);

    private record Option(String name, String text) {}

    private static Path source(String name) throws IOException {
        String file = "io/msgtrans/reactive/" + name.replace('.', '/') + ".java";
        try (Stream<Path> modules = Files.list(ROOT)) {
            return modules.map(module -> module.resolve("src/main/java").resolve(file))
                    .filter(Files::exists)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no source of " + name));
        }
    }

    private static List<Option> described(String name) throws IOException {
        String simple = name.substring(name.lastIndexOf('.') + 1);
        List<Option> options = new ArrayList<>();
        Matcher found = OPTION.matcher(Files.readString(source(name)));
        while (found.find()) {
            if (found.group(2) != null) {
                options.add(new Option(found.group(2), markdown(found.group(1))));
            } else if (simple.equals(found.group(3))) {
                options.add(new Option(found.group(4), markdown(found.group(1))));
            }
        }
        return options;
    }

    private static String markdown(String javadoc) {
        return javadoc.replaceAll("\\n\\s*\\*", " ")
                .replaceAll("\\s+@(param|throws|return).*", "")
                .replaceAll("\\{@code ([^}]*)}", "`$1`")
                .replaceAll("\\{@link(?:plain)? +#?((?:[^} (]|\\([^)]*\\))+)[^}]*}", "`$1`")
                .replaceAll("(`[^`( ]*)\\([^)`]*\\)`", "$1`")
                .replaceAll("(`[^` ]*)#", "$1.")
                .replaceAll("\\{@value ([^}]*)}", "`$1`")
                .replaceAll("</?(p|ul|li|b|pre|i)>", " ")
                .replaceAll("&lt;", "<")
                .replaceAll("\\|", "\\\\|")
                .replaceAll("`[a-z.]*\\.([A-Z])", "`$1")
                .replaceAll("\\s+", " ")
                .strip();
    }

    /** What there really is. */
    private static Set<String> real(String name) throws ClassNotFoundException, IllegalAccessException {
        Class<?> type = Class.forName("io.msgtrans.reactive." + name);
        Set<String> names = new TreeSet<>();
        for (Method method : type.getMethods()) {
            if (method.getReturnType() == type && !Modifier.isStatic(method.getModifiers())) {
                names.add(method.getName());
            }
        }
        for (Field field : type.getFields()) {
            if (field.getType() == EndpointOption.class) {
                names.add(field.getName());
            }
        }
        return names;
    }

    @Test
    void theReferenceHasEveryOption() throws Exception {
        StringBuilder page = new StringBuilder("""
                # Options

                Made of the Javadoc, which has more: what is thrown, and by whom a callback is called. Options objects are immutable; each method
                gives a changed copy. Times are `Duration`s. A value outside its range is refused at once, with the range in the message.
                """);
        for (String[] each : CLASSES) {
            page.append("\n## ").append(each[1]).append("\n\n| option | |\n|---|---|\n");
            List<Option> options = described(each[0]);
            assertThat(options)
                    .as(each[0])
                    .allSatisfy(option -> assertThat(option.text()).isNotEmpty());
            Set<String> names = new TreeSet<>();
            options.forEach(option -> names.add(option.name()));
            assertThat(names).as(each[0]).isEqualTo(real(each[0]));
            options.forEach(option -> page.append("| `")
                    .append(option.name())
                    .append("` | ")
                    .append(option.text())
                    .append(" |\n"));
        }
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE)).as("write it with -Ddocs.write=true").isEqualTo(page.toString());
    }

    @Test
    void everySpringPropertyIsInItsTable() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/spring.md"));
        JsonNode metadata = JsonMapper.shared()
                .readTree(Files.readString(ROOT.resolve(
                        "msgtrans-reactive/src/main/resources/META-INF/spring-configuration-metadata.json")));
        Set<String> missing = new TreeSet<>();
        for (JsonNode property : metadata.get("properties")) {
            String name = property.get("name").asString();
            if (!page.contains("`" + name + "`")
                    && !page.contains(", `" + name.substring(name.lastIndexOf('.') + 1) + "` |")) {
                missing.add(name);
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void noOptionsClassIsMissing() throws IOException {
        Set<String> files = new TreeSet<>();
        for (String module : List.of("msgtrans-reactive", "msgtrans-reactive-quic")) {
            try (Stream<Path> sources = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
                sources.map(path -> path.getFileName().toString())
                        .filter(name -> name.endsWith("Options.java"))
                        .forEach(name -> files.add(name.replace(".java", "")));
            }
        }
        Set<String> listed = new TreeSet<>();
        CLASSES.forEach(each -> listed.add(each[0].substring(each[0].lastIndexOf('.') + 1)));
        assertThat(listed).isEqualTo(files);
    }
}
