package io.msgtrans.reactive;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The use of the machine's processors, looked at once a second at most, as the look itself takes a while. */
final class CpuLoad {

    static final CpuLoad OF_THIS_MACHINE = new CpuLoad();
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong nextLookNanos = new AtomicLong(System.nanoTime());
    private volatile double load = -1;

    private CpuLoad() {}

    /** 0..1, or negative where the JVM cannot tell. */
    double load() {
        long now = System.nanoTime();
        long next = nextLookNanos.get();
        if (now - next >= 0
                && nextLookNanos.compareAndSet(next, now + FRESH_NANOS)
                && ManagementFactory.getOperatingSystemMXBean()
                        instanceof com.sun.management.OperatingSystemMXBean system) {
            load = system.getCpuLoad();
        }
        return load;
    }
}
