package io.msgtrans.reactive.samples.process;

import io.msgtrans.reactive.monitor.ProcessProbe;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process has of the machine's memory.
 *
 * @param heapBytes in use, behind a collection when that was asked for
 * @param directBytes of Netty's and the JDK's direct buffers
 * @param residentBytes of the whole process; 0 where the system does not tell
 */
public record MemoryUse(long heapBytes, long directBytes, long residentBytes) {

    private static final int COLLECTIONS = 3;

    /** What it has now. */
    public static MemoryUse now(boolean collect) {
        for (int i = 0; collect && i < COLLECTIONS; i++) {
            System.gc();
        }
        return new MemoryUse(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                ProcessProbe.directUsed(),
                resident());
    }

    private static long resident() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException notLinux) {
            return 0;
        }
    }
}
