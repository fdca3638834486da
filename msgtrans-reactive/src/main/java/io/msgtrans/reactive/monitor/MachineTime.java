package io.msgtrans.reactive.monitor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Time of all processors since the machine's start, in ticks, as Linux counts it in {@code /proc/stat}; zero elsewhere.
 *
 * @param all ticks, with those in which nothing ran
 * @param stolen ticks of a virtual machine's processors that its host gave to others
 */
public record MachineTime(long all, long stolen) {

    private static final Logger log = Loggers.getLogger(MachineTime.class);
    private static final Path STAT = Path.of("/proc/stat");
    /** Of the columns behind the name: user, nice, system, idle, iowait, irq, softirq, steal. */
    private static final int STEAL = 8;

    /** So far. */
    public static MachineTime now() {
        try {
            return Files.isReadable(STAT) ? of(Files.readAllLines(STAT).get(0)) : new MachineTime(0, 0);
        } catch (IOException | RuntimeException unknown) {
            log.debug("no times of the processors", unknown);
            return new MachineTime(0, 0);
        }
    }

    /** Of the file's first line. */
    static MachineTime of(String line) {
        String[] columns = line.split("\\s+", -1);
        long all = 0;
        for (int i = 1; i <= STEAL; i++) {
            all += Long.parseLong(columns[i]);
        }
        return new MachineTime(all, Long.parseLong(columns[STEAL]));
    }

    /** Share of the processors' time that the host gave to others since then, 0..1. */
    public double stolenSince(MachineTime before) {
        return all <= before.all ? 0 : (double) (stolen - before.stolen) / (all - before.all);
    }
}
