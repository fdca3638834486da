package io.msgtrans.reactive.diagnostics;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** What each thread used from one moment to another. */
final class ThreadLoad {

    /**
     * One thread's use.
     *
     * @param name of the thread
     * @param cpu share of one processor
     * @param allocatedPerSecond bytes
     */
    record Use(long id, String name, double cpu, double allocatedPerSecond) {}

    private final com.sun.management.ThreadMXBean threads =
            ManagementFactory.getPlatformMXBean(com.sun.management.ThreadMXBean.class);
    private final long startNanos = System.nanoTime();
    private final List<Start> starts = new ArrayList<>();

    private record Start(long id, long cpuNanos, long allocated) {}

    ThreadLoad() {
        for (long id : threads.getAllThreadIds()) {
            starts.add(new Start(id, threads.getThreadCpuTime(id), threads.getThreadAllocatedBytes(id)));
        }
    }

    /** What those threads used since then that were there and still are. */
    List<Use> uses() {
        double nanos = System.nanoTime() - startNanos;
        List<Use> uses = new ArrayList<>();
        for (Start start : starts) {
            ThreadInfo info = threads.getThreadInfo(start.id());
            if (info != null) {
                long cpu = threads.getThreadCpuTime(start.id()) - start.cpuNanos();
                long allocated = threads.getThreadAllocatedBytes(start.id()) - start.allocated();
                uses.add(new Use(
                        start.id(),
                        info.getThreadName(),
                        Math.max(0, cpu) / nanos,
                        Math.max(0, allocated) * (TimeUnit.SECONDS.toNanos(1) / nanos)));
            }
        }
        return uses;
    }

    static List<Use> most(List<Use> uses, ToDoubleFunction<Use> figure) {
        return uses.stream()
                .sorted(Comparator.comparingDouble(figure).reversed())
                .limit(3)
                .toList();
    }
}
