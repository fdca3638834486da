package io.msgtrans.reactive.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.samples.process.ServerProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** Upgrades between real processes, and balanced commands over them. */
class UpgradeCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    @Test
    void aNewVersionTakesOverAndNotOneRequestFails() {
        // A machine that is busy with other things slows a process down that has just begun.
        assertThat(run("sample", "upgrade", "--watch", "1", "--slack", "10000"))
                .as(out.toString())
                .isZero();
        assertThat(out.toString()).contains("100 %  done").contains(" 0 failed");
    }

    @Test
    void aSickVersionIsRolledBack() {
        assertThat(run("sample", "upgrade", "--watch", "1", "--sick"))
                .as(out.toString())
                .isZero();
        assertThat(out.toString()).contains("rolled back").contains("more errors (option moreErrors)");
    }

    @Test
    void nothingThatWasAcknowledgedIsLostWhenAServerIsReplacedOnItsPort() {
        assertThat(run("sample", "faults", "--only", "replace"))
                .as(out.toString() + err)
                .isZero();
        assertThat(out.toString()).contains("| the only server replaced on its port");
        assertThat(run("sample", "faults", "--only", "nope")).isNotZero();
        assertThat(err.toString()).contains("--only [nope] names what is not one of [kill, stop");
    }

    @Test
    void requestsAreSpreadOverServersOfWhichOneIsKilled() throws IOException, InterruptedException {
        try (ServerProcess a = ServerProcess.start("serve", "--listen", "tcp://127.0.0.1:0");
                ServerProcess b = ServerProcess.start("serve", "--listen", "tcp://127.0.0.1:0")) {
            String first = a.uri().toString();
            String second = b.uri().toString();
            assertThat(run(
                            "send",
                            first,
                            second,
                            "--balance",
                            "round-robin",
                            "--request",
                            "--count",
                            "4",
                            "--data",
                            "hi"))
                    .isZero();
            assertThat(out.toString().lines()).containsExactly("hi", "hi", "hi", "hi");
            assertThat(err.toString()).contains(first + ": 2 calls, 0 failures");
            b.kill();
            assertThat(run("send", first, second, "--balance", "hash", "--request", "--count", "20", "--data", "hi"))
                    .isZero();
            assertThat(run(
                            "bench",
                            first,
                            second,
                            "--workload",
                            "echo",
                            "--window",
                            "8",
                            "--warmup",
                            "1",
                            "--seconds",
                            "2"))
                    .as(err.toString())
                    .isZero();
            assertThat(out.toString()).contains("balanced  ").contains("failed 0");
            assertThat(err.toString()).contains("ejected " + second);
        }
        assertThat(run("bench", "tcp://127.0.0.1:1", "tcp://127.0.0.1:2", "--workload", "oneway"))
                .isNotZero();
        assertThat(err.toString()).contains("several URIs, and --balance, are for --workload echo or pingpong");
    }
}
