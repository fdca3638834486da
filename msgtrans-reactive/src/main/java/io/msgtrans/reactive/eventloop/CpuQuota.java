package io.msgtrans.reactive.eventloop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Whether a control group of Linux, as a container or a service has one, limits how much time of its processors this
 * process may use. One that has used it up stands still for the rest of a tenth of a second, so no time is to be spent
 * on what may not pay.
 *
 * <p>Read as <a href="https://docs.kernel.org/admin-guide/cgroup-v2.html">cgroup-v2</a> and <a
 * href="https://docs.kernel.org/scheduler/sched-bwc.html">sched-bwc</a> tell.
 */
final class CpuQuota {

    private static final Logger log = Loggers.getLogger(CpuQuota.class);

    private CpuQuota() {}

    /** On this machine, by the group of this process and those around it. */
    static boolean isSet() {
        return isSet(Path.of("/sys/fs/cgroup"), Path.of("/proc/self/cgroup"));
    }

    static boolean isSet(Path mount, Path self) {
        if (!Files.isReadable(self)) {
            return false;
        }
        try {
            for (String line : Files.readAllLines(self)) {
                String[] parts = line.split(":", 3); // number, controllers, path
                if (parts.length == 3 && isSetIn(mount, parts[1], parts[2])) {
                    return true;
                }
            }
        } catch (IOException | RuntimeException unknown) {
            log.debug("no limit of processor time known from {}", self, unknown);
        }
        return false;
    }

    private static boolean isSetIn(Path mount, String controllers, String group) throws IOException {
        boolean unified = controllers.isEmpty();
        Path root = unified ? mount : mount.resolve(controllers);
        String file = unified ? "cpu.max" : "cpu.cfs_quota_us";
        Path own = root.resolve("." + group).normalize();
        for (Path at = own.startsWith(root) ? own : root; at != null && at.startsWith(root); at = at.getParent()) {
            Path limit = at.resolve(file);
            if (Files.isReadable(limit) && !isWithout(Files.readString(limit).strip())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWithout(String limit) {
        return limit.startsWith("max") || limit.startsWith("-1");
    }
}
