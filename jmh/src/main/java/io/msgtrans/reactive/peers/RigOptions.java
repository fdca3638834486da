package io.msgtrans.reactive.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line of the rig.
 *
 * @param pinning processors of server and client, null for none
 * @param maxSteal a run in which the host took more of the processors, in percent, is run again
 * @param maxHop a run in which a cache line took longer between the two processors, in nanoseconds, is run again
 * @param title heading of these results
 * @param json file for every single result, null for none
 */
record RigOptions(
        List<String> contestants,
        List<Workload> workloads,
        int rounds,
        Duration warmUp,
        Duration duration,
        int limitRate,
        @Nullable Pinning pinning,
        List<String> jvmFlags,
        double maxSteal,
        double maxHop,
        String title,
        @Nullable Path json) {

    static final String USAGE = """
            jmh/peers [options]
              --contestants a,b,c      default: all that run without TLS
              --workload SPEC          kind:payload:connections[:window], or rate:payload:connections:packets a second,
                                       repeatable; default: the standard table
                                       kinds: oneway, echo, pingpong, rate, stream, channel, broadcast
              --rounds N               default 3
              --warmup SECONDS         default 4
              --seconds SECONDS        default 3
              --limit-rate N           receiving demand of contestants that have one; default 0, unbounded
              --pin SERVER,CLIENT      processors; default 1,0 where taskset and two processors are there
              --no-pin
              --machine-network        the machine's loopback interface, instead of an own one with TCP Reno
              --jvm "FLAGS"            replaces the JVM flags of both processes
              --max-steal PERCENT      runs again, up to four times, what lost more of the processors to the host; default 100
              --max-hop NANOS          runs again, up to four times, what ran while a cache line took longer from one of the two
                                       processors to the other; default: any
              --json FILE              writes every result
              --title TEXT             what the page of results calls this run; default: Side by side
            """;

    private static final String DEFAULT_JVM_FLAGS =
            "-Xms1g -Xmx1g -XX:+UseG1GC -XX:+AlwaysPreTouch -Dio.netty.allocator.type=pooled";

    /** Processors, by number. */
    record Pinning(int server, int client) {

        static Pinning parse(String text) {
            String[] parts = text.split(",", -1);
            if (parts.length != 2) {
                throw new IllegalArgumentException("--pin " + text + " is not SERVER,CLIENT");
            }
            return new Pinning(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
        }
    }

    static RigOptions parse(List<String> arguments, @Nullable Pinning defaultPinning) {
        List<String> contestants = Contestants.withoutTls();
        List<Workload> workloads = new ArrayList<>();
        int rounds = 3;
        Duration warmUp = Duration.ofSeconds(4);
        Duration duration = Duration.ofSeconds(3);
        int limitRate = 0;
        Pinning pinning = defaultPinning;
        String jvmFlags = DEFAULT_JVM_FLAGS;
        double maxSteal = 100;
        double maxHop = Double.MAX_VALUE;
        String title = "Side by side";
        Path json = null;
        Iterator<String> rest = arguments.iterator();
        while (rest.hasNext()) {
            String option = rest.next();
            switch (option) {
                case "--contestants" ->
                    contestants = List.of(value(option, rest).split(","));
                case "--workload" -> workloads.add(Workload.parse(value(option, rest)));
                case "--rounds" -> rounds = Integer.parseInt(value(option, rest));
                case "--warmup" -> warmUp = seconds(value(option, rest));
                case "--seconds" -> duration = seconds(value(option, rest));
                case "--limit-rate" -> limitRate = Integer.parseInt(value(option, rest));
                case "--pin" -> pinning = Pinning.parse(value(option, rest));
                case "--no-pin" -> pinning = null;
                case "--jvm" -> jvmFlags = value(option, rest);
                case "--max-steal" -> maxSteal = Double.parseDouble(value(option, rest));
                case "--max-hop" -> maxHop = Double.parseDouble(value(option, rest));
                case "--title" -> title = value(option, rest);
                case "--json" -> json = Path.of(value(option, rest));
                default -> throw new IllegalArgumentException("no option " + option);
            }
        }
        return new RigOptions(
                contestants,
                workloads.isEmpty() ? Workload.standard() : List.copyOf(workloads),
                rounds,
                warmUp,
                duration,
                limitRate,
                pinning,
                List.of(jvmFlags.trim().split("\\s+")),
                maxSteal,
                maxHop,
                title,
                json);
    }

    private static String value(String option, Iterator<String> rest) {
        if (!rest.hasNext()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return rest.next();
    }

    private static Duration seconds(String text) {
        return Duration.ofMillis(Math.round(Double.parseDouble(text) * 1000));
    }

    RigOptions {
        for (String name : contestants) {
            if (!Contestants.names().contains(name)) {
                throw new IllegalArgumentException("no contestant " + name + "; there are " + Contestants.names());
            }
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("--rounds " + rounds + " is not positive");
        }
    }
}
