package io.msgtrans.reactive.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where results come from: machine, versions and settings. */
final class Environment {

    private static final List<String> LIBRARIES =
            List.of("netty-transport", "reactor-core", "reactor-netty-core", "vertx-core", "rsocket-core", "grpc-core");

    private Environment() {}

    static String toJson(RigOptions options) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("title", options.title());
        values.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        values.put("processor", processor() + ", " + Runtime.getRuntime().availableProcessors() + " processors");
        values.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        values.put("jdk", System.getProperty("java.vm.version"));
        values.put("flags", String.join(" ", options.jvmFlags()));
        values.put("processors", options.pinning() == null ? "not pinned" : "server and client on one each");
        values.put("network", System.getProperty("peers.network", "the machine's"));
        values.put("rounds", Integer.toString(options.rounds()));
        values.put("warmUp", options.warmUp().toMillis() + " ms");
        values.put("window", options.duration().toMillis() + " ms");
        values.putAll(versions());
        return values.entrySet().stream()
                .map(entry -> "\"" + entry.getKey() + "\":\""
                        + entry.getValue().replace("\\", "\\\\").replace("\"", "\\\"") + "\"")
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static String processor() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(info)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(info)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        }
    }

    /** By the names of the jars that the contestants run with. */
    private static Map<String, String> versions() throws IOException {
        Map<String, String> versions = new TreeMap<>();
        Path target = Path.of(System.getProperty("peers.home", "."), "target");
        for (String folder : List.of("lib", "rsocket-lib")) {
            if (!Files.isDirectory(target.resolve(folder))) {
                continue;
            }
            try (Stream<Path> jars = Files.list(target.resolve(folder))) {
                for (String jar :
                        jars.map(path -> path.getFileName().toString()).toList()) {
                    for (String library : LIBRARIES) {
                        Matcher matcher = Pattern.compile(Pattern.quote(library) + "-(\\d.*)\\.jar")
                                .matcher(jar);
                        if (matcher.matches()) {
                            versions.putIfAbsent(library, matcher.group(1));
                        }
                    }
                }
            }
        }
        return versions;
    }
}
