package io.msgtrans.reactive.eventloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuQuotaTest {

    @TempDir
    private Path folder;

    private void group(String file, String content) throws IOException {
        Path path = folder.resolve("mount").resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content + "\n");
    }

    private boolean isSet(String... lines) throws IOException {
        Path self = folder.resolve("self");
        Files.write(self, List.of(lines));
        return CpuQuota.isSet(folder.resolve("mount"), self);
    }

    @Test
    void ofAContainerThatSeesOnlyItsOwnGroup() throws IOException {
        group("cpu.max", "150000 100000");
        assertThat(isSet("0::/")).isTrue();
        assertThat(isSet("0::/../../elsewhere"))
                .as("a path outside of what is seen")
                .isTrue();
        group("cpu.max", "max 100000");
        assertThat(isSet("0::/")).isFalse();
    }

    @Test
    void ofAServiceOrAGroupAroundIt() throws IOException {
        group("system.slice/cpu.max", "max 100000");
        group("system.slice/orders.service/cpu.max", "max 100000");
        assertThat(isSet("0::/system.slice/orders.service")).isFalse();
        group("system.slice/orders.service/cpu.max", "50000 100000");
        assertThat(isSet("0::/system.slice/orders.service")).isTrue();
        assertThat(isSet("0::/system.slice/billing.service")).isFalse();
        group("system.slice/cpu.max", "400000 100000");
        assertThat(isSet("0::/system.slice/billing.service")).isTrue();
    }

    @Test
    void ofTheFirstVersionOfControlGroups() throws IOException {
        group("cpu,cpuacct/docker/cpu.cfs_quota_us", "-1");
        String[] lines = {"5:memory:/docker", "4:cpu,cpuacct:/docker", "1:name=systemd:/docker", "0::/docker"};
        assertThat(isSet(lines)).isFalse();
        group("cpu,cpuacct/docker/cpu.cfs_quota_us", "200000");
        assertThat(isSet(lines)).isTrue();
    }

    @Test
    void notWhereNothingIsKnown() throws IOException {
        assertThat(isSet("0::/")).isFalse();
        assertThat(isSet("nonsense")).isFalse();
        assertThat(CpuQuota.isSet(folder, folder.resolve("absent"))).isFalse();
    }
}
