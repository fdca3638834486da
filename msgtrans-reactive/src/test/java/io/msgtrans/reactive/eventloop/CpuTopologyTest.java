package io.msgtrans.reactive.eventloop;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.eventloop.CpuTopology.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On what Linux tells of larger machines than those that tests run on. */
class CpuTopologyTest {

    @TempDir
    private Path root;

    private CpuTopology read(String allowed) throws IOException {
        Path status = root.resolve("status");
        Files.writeString(
                status,
                "Name:\tjava\nCpus_allowed:\tffffffff\nCpus_allowed_list:\t" + allowed + "\nMems_allowed:\t1\n");
        return CpuTopology.read(root.resolve("system"), status);
    }

    private void file(String path, String content) throws IOException {
        Path file = root.resolve("system").resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content + "\n");
    }

    private void siblings(int processor, String list) throws IOException {
        file("cpu/cpu" + processor + "/topology/thread_siblings_list", list);
    }

    /** Two sockets of 64 cores with two threads each, which have the numbers behind all cores (EPYC 7742). */
    private void twoSocketsOf64Cores() throws IOException {
        file("node/node0/cpulist", "0-63,128-191");
        file("node/node1/cpulist", "64-127,192-255");
        for (int core = 0; core < 128; core++) {
            String both = core + "," + (core + 128);
            siblings(core, both);
            siblings(core + 128, both);
        }
    }

    @Test
    void coresComeBeforeTheirSecondThreads() throws IOException {
        twoSocketsOf64Cores();
        CpuTopology topology = read("0-255");
        assertThat(topology.nodes()).extracting(Node::id).containsExactly(0, 1);
        assertThat(topology.nodes().get(0).processors())
                .isEqualTo(IntStream.concat(IntStream.range(0, 64), IntStream.range(128, 192))
                        .boxed()
                        .toList());
        assertThat(topology.processors()).isEqualTo(256);
    }

    /** Two sockets whose processors have even and odd numbers, and whose threads are neighbours of neighbours (Xeon 6244). */
    @Test
    void nodesThatInterleaveTheirNumbers() throws IOException {
        file("node/node0/cpulist", "0,2,4,6,8,10,12,14");
        file("node/node1/cpulist", "1,3,5,7,9,11,13,15");
        for (int i = 0; i < 8; i++) {
            siblings(i, i + "," + (i + 8));
            siblings(i + 8, i + "," + (i + 8));
        }
        CpuTopology topology = read("0-15");
        assertThat(topology.nodes())
                .containsExactly(
                        new Node(0, List.of(0, 2, 4, 6, 8, 10, 12, 14)),
                        new Node(1, List.of(1, 3, 5, 7, 9, 11, 13, 15)));
        assertThat(topology.place(4, Pinning.PROCESSOR)).containsExactly(of(0), of(1), of(2), of(3));
    }

    @Test
    void threadsTakeNodesInTurn() throws IOException {
        twoSocketsOf64Cores();
        CpuTopology topology = read("0-255");
        assertThat(topology.place(5, Pinning.PROCESSOR)).containsExactly(of(0), of(64), of(1), of(65), of(2));
        List<BitSet> nodes = topology.place(3, Pinning.NODE);
        assertThat(nodes.get(0)).isEqualTo(nodes.get(2)).isNotEqualTo(nodes.get(1));
        assertThat(nodes.get(1).cardinality()).isEqualTo(128);
        assertThat(nodes.get(1).nextSetBit(0)).isEqualTo(64);
    }

    @Test
    void moreThreadsThanProcessorsShareThem() throws IOException {
        file("node/node0/cpulist", "0-1");
        assertThat(read("0-1").place(5, Pinning.PROCESSOR)).containsExactly(of(0), of(1), of(0), of(1), of(0));
    }

    /** A container that may use some processors of one socket, beside a node of memory only (CXL). */
    @Test
    void whatIsNotAllowedAndNodesWithoutProcessorsAreLeftOut() throws IOException {
        twoSocketsOf64Cores();
        file("node/node2/cpulist", "");
        CpuTopology topology = read("66-67,194-195");
        assertThat(topology.nodes()).containsExactly(new Node(1, List.of(66, 67, 194, 195)));
    }

    @Test
    void aKernelWithoutNodesHasOne() throws IOException {
        Files.createDirectories(root.resolve("system"));
        assertThat(read("0-3").nodes()).containsExactly(new Node(0, List.of(0, 1, 2, 3)));
    }

    @Test
    void aSystemThatTellsNothingHasOneWithAllProcessors() {
        CpuTopology topology = CpuTopology.read(root.resolve("nowhere"), root.resolve("nothing"));
        assertThat(topology.nodes()).hasSize(1);
        assertThat(topology.processors()).isEqualTo(Runtime.getRuntime().availableProcessors());
    }

    @Test
    void thisMachineHasWhatThisProcessMayUse() {
        assertThat(CpuTopology.read().processors())
                .isGreaterThanOrEqualTo(Runtime.getRuntime().availableProcessors());
    }

    private static BitSet of(int processor) {
        BitSet one = new BitSet();
        one.set(processor);
        return one;
    }
}
