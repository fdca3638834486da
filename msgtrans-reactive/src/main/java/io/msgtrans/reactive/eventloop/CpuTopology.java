package io.msgtrans.reactive.eventloop;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The processors that this process may use, by NUMA node, as Linux tells of them in {@code /sys/devices/system} and {@code
 * /proc/self/status}; elsewhere one node with all of them.
 *
 * @param nodes those with processors, by their numbers
 */
record CpuTopology(List<Node> nodes) {

    private static final Logger log = Loggers.getLogger(CpuTopology.class);

    private static final String ALLOWED = "Cpus_allowed_list:";

    /**
     * A part of the machine whose processors have the same distance to its memory.
     *
     * @param id its number
     * @param processors one of each core, then the second of each, and so on
     */
    record Node(int id, List<Integer> processors) {

        Node {
            processors = List.copyOf(processors);
        }
    }

    CpuTopology {
        nodes = List.copyOf(nodes);
    }

    /** That of this machine. */
    static CpuTopology read() {
        return read(Path.of("/sys/devices/system"), Path.of("/proc/self/status"));
    }

    static CpuTopology read(Path system, Path status) {
        try {
            return new CpuTopology(nodes(system, allowed(status)));
        } catch (IOException | NumberFormatException unknown) {
            log.debug("no topology in {}: one node", system, unknown);
            return new CpuTopology(List.of(new Node(
                    0,
                    IntStream.range(0, Runtime.getRuntime().availableProcessors())
                            .boxed()
                            .toList())));
        }
    }

    /** How many processors there are. */
    int processors() {
        return nodes.stream().mapToInt(node -> node.processors().size()).sum();
    }

    /** For each of so many threads where it may run, by what it is pinned to. */
    List<BitSet> place(int threads, Pinning pinning) {
        List<BitSet> places = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Node node = nodes.get(i % nodes.size());
            BitSet place = new BitSet();
            if (pinning == Pinning.PROCESSOR) {
                place.set(node.processors()
                        .get(i / nodes.size() % node.processors().size()));
            } else {
                node.processors().forEach(place::set);
            }
            places.add(place);
        }
        return places;
    }

    private static BitSet allowed(Path status) throws IOException {
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith(ALLOWED)) {
                return parse(line.substring(ALLOWED.length()));
            }
        }
        throw new IOException("no " + ALLOWED + " in " + status);
    }

    private static List<Node> nodes(Path system, BitSet allowed) throws IOException {
        List<Node> nodes = new ArrayList<>();
        Path folder = system.resolve("node");
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "node[0-9]*")) {
                for (Path entry : entries) {
                    BitSet processors = parse(Files.readString(entry.resolve("cpulist")));
                    processors.and(allowed);
                    if (!processors.isEmpty()) {
                        int id = Integer.parseInt(entry.getFileName().toString().substring("node".length()));
                        nodes.add(new Node(id, coresFirst(system, processors)));
                    }
                }
            }
        }
        if (nodes.isEmpty()) {
            nodes.add(new Node(0, coresFirst(system, allowed))); // a kernel without NUMA
        }
        nodes.sort(Comparator.comparingInt(Node::id));
        return nodes;
    }

    /** By their place among the processors of their core, then by number. */
    private static List<Integer> coresFirst(Path system, BitSet processors) throws IOException {
        record Ranked(int rank, int processor) {}
        List<Ranked> ranked = new ArrayList<>();
        for (int processor : processors.stream().toArray()) {
            Path siblings = system.resolve("cpu/cpu" + processor + "/topology/thread_siblings_list");
            int rank = 0;
            if (Files.exists(siblings)) {
                BitSet core = parse(Files.readString(siblings));
                core.and(processors);
                rank = core.get(0, processor).cardinality();
            }
            ranked.add(new Ranked(rank, processor));
        }
        return ranked.stream()
                .sorted(Comparator.comparingInt(Ranked::rank).thenComparingInt(Ranked::processor))
                .map(Ranked::processor)
                .toList();
    }

    /** A list of the kernel's, such as {@code 0-3,8,10-11}. */
    private static BitSet parse(String list) {
        BitSet numbers = new BitSet();
        for (String part : list.strip().split(",", -1)) {
            if (!part.isEmpty()) {
                String[] ends = part.split("-", 2);
                numbers.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
            }
        }
        return numbers;
    }
}
