package io.msgtrans.reactive.diagnostics;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Looks again and again which threads wait for a lock that another one holds: monitors and those of java.util.concurrent. */
final class LockSampler {

    private static final int DEPTH = 30;

    /** What is known of one lock. */
    static final class Contended {
        private final String lock;
        private final Map<String, Integer> places = new HashMap<>();
        private final Map<String, Integer> owners = new HashMap<>();
        private int waits;

        Contended(String lock) {
            this.lock = lock;
        }

        String lock() {
            return lock;
        }

        int waits() {
            return waits;
        }

        String place() {
            return String.valueOf(Stacks.mostOften(places));
        }

        String owner() {
            return String.valueOf(Stacks.mostOften(owners));
        }
    }

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Map<String, Contended> contended = new HashMap<>();
    private int looks;

    void look() {
        looks++;
        for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds(), DEPTH)) {
            if (info != null && info.getLockName() != null && info.getLockOwnerName() != null) {
                Contended lock = contended.computeIfAbsent(info.getLockName(), Contended::new);
                lock.waits++;
                lock.owners.merge(info.getLockOwnerName(), 1, Integer::sum);
                String place = Stacks.place(info.getStackTrace());
                lock.places.merge(info.getThreadName() + ": " + (place == null ? "?" : place), 1, Integer::sum);
            }
        }
    }

    /** How many threads waited for locks at one time, on average. */
    double waiting() {
        return looks == 0
                ? 0
                : contended.values().stream().mapToInt(Contended::waits).sum() / (double) looks;
    }

    /** The average number of threads that waited for this lock. */
    double waiting(Contended lock) {
        return looks == 0 ? 0 : lock.waits() / (double) looks;
    }

    /** Those that were waited for most. */
    List<Contended> most() {
        return contended.values().stream()
                .sorted(Comparator.comparingInt(Contended::waits).reversed())
                .limit(3)
                .toList();
    }
}
