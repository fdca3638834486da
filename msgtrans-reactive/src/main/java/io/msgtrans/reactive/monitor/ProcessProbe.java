package io.msgtrans.reactive.monitor;

import com.sun.management.GcInfo;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.concurrent.TimeUnit;

/** Looks at the JVM's own figures; those that grow are given per second since the last look. One thread at a time. */
public final class ProcessProbe {

    private final com.sun.management.OperatingSystemMXBean system =
            ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
    private final com.sun.management.ThreadMXBean threads =
            ManagementFactory.getPlatformMXBean(com.sun.management.ThreadMXBean.class);

    private long lastNanos = System.nanoTime();
    private long lastPauseMillis = pauseMillis();
    private long lastAllocated = allocated();
    private MachineTime lastTime = MachineTime.now();

    /** What the process takes now, and took since the last look. */
    public ProcessStats look() {
        long now = System.nanoTime();
        double seconds = Math.max(1e-3, (now - lastNanos) / (double) TimeUnit.SECONDS.toNanos(1));
        lastNanos = now;
        long pauses = pauseMillis();
        double gcShare = Math.min(1, (pauses - lastPauseMillis) / (seconds * 1000));
        lastPauseMillis = pauses;
        long total = allocated();
        double allocatedPerSecond = Math.max(0, total - lastAllocated) / seconds; // what ended threads had is gone
        lastAllocated = total;
        MachineTime time = MachineTime.now();
        double stolen = time.stolenSince(lastTime);
        lastTime = time;
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return new ProcessStats(
                system.getProcessCpuLoad(),
                system.getCpuLoad(),
                stolen,
                heap.getUsed(),
                heap.getMax(),
                heapAfterGc(),
                directUsed(),
                PlatformDependent.maxDirectMemory(),
                gcShare,
                allocatedPerSecond,
                ManagementFactory.getThreadMXBean().getThreadCount());
    }

    /** Time in pauses; the cycles of concurrent collectors are none. */
    private static long pauseMillis() {
        long sum = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (!collector.getName().contains("Cycles")) {
                sum += Math.max(0, collector.getCollectionTime());
            }
        }
        return sum;
    }

    private long allocated() {
        if (!threads.isThreadAllocatedMemorySupported() || !threads.isThreadAllocatedMemoryEnabled()) {
            return 0;
        }
        long sum = 0;
        for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
            sum += Math.max(0, bytes);
        }
        return sum;
    }

    private static long heapAfterGc() {
        GcInfo last = null;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            GcInfo info =
                    collector instanceof com.sun.management.GarbageCollectorMXBean known ? known.getLastGcInfo() : null;
            if (info != null && (last == null || info.getEndTime() > last.getEndTime())) {
                last = info;
            }
        }
        long sum = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage left = last == null || pool.getType() != MemoryType.HEAP
                    ? null
                    : last.getMemoryUsageAfterGc().get(pool.getName());
            sum += left == null ? 0 : left.getUsed();
        }
        return sum;
    }

    /** Bytes of direct memory in use. Netty counts what it allocates by itself, the JVM what it is asked for; where both count, they mean the same. */
    public static long directUsed() {
        long used = Math.max(0, PlatformDependent.usedDirectMemory());
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            if (pool.getName().equals("direct")) {
                used = Math.max(used, pool.getMemoryUsed());
            }
        }
        return used;
    }
}
