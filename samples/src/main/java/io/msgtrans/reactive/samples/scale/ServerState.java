package io.msgtrans.reactive.samples.scale;

import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a server process has at a moment.
 *
 * @param heapBytes in use, behind a collection when that was asked for
 * @param directBytes of Netty's and the JDK's direct buffers
 * @param residentBytes of the whole process; 0 where the system does not tell
 * @param sessions open ones
 * @param packets received so far
 */
record ServerState(long heapBytes, long directBytes, long residentBytes, long sessions, long packets) {

    static ServerState now(boolean collect, long sessions, long packets) {
        if (collect) {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
        }
        return new ServerState(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                direct(),
                resident(),
                sessions,
                packets);
    }

    private static long direct() {
        long jdk = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return Math.max(jdk, PlatformDependent.usedDirectMemory());
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

    String toText() {
        return heapBytes + " " + directBytes + " " + residentBytes + " " + sessions + " " + packets;
    }

    static ServerState of(String text) {
        String[] parts = text.split(" ", -1);
        return new ServerState(
                Long.parseLong(parts[0]),
                Long.parseLong(parts[1]),
                Long.parseLong(parts[2]),
                Long.parseLong(parts[3]),
                Long.parseLong(parts[4]));
    }
}
