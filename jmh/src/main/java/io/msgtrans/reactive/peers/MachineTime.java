package io.msgtrans.reactive.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Time of all processors so far, in ticks, as Linux counts it; zero elsewhere. */
record MachineTime(long all, long stolen) {

    private static final Path STAT = Path.of("/proc/stat");
    /** Of the columns behind the name: user, nice, system, idle, iowait, irq, softirq, steal. */
    private static final int STEAL = 8;

    static MachineTime now() {
        try {
            if (Files.isReadable(STAT)) {
                String[] columns = Files.readAllLines(STAT).get(0).split("\\s+", -1);
                long all = 0;
                for (int i = 1; i <= STEAL; i++) {
                    all += Long.parseLong(columns[i]);
                }
                return new MachineTime(all, Long.parseLong(columns[STEAL]));
            }
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException unknown) {
            System.err.println("no times of the processors: " + unknown);
        }
        return new MachineTime(0, 0);
    }

    /** What the host gave to others of a virtual machine's processors, in percent of all. */
    double stolenPercentSince(MachineTime before) {
        return all == before.all ? 0 : 100.0 * (stolen - before.stolen) / (all - before.all);
    }
}
