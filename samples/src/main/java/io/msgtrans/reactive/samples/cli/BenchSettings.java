package io.msgtrans.reactive.samples.cli;

import java.time.Duration;

/**
 * What a bench run does.
 *
 * @param uri the server
 * @param workload what kind of load
 * @param payload bytes of payload
 * @param connections sessions at one time
 * @param window packets in flight, or streams, per session, where the workload has a window
 * @param rate packets per second over all sessions, 0 for as fast as it goes
 * @param warmup time under load before the measured window
 * @param duration length of the measured window
 * @param notReading sessions of a broadcast that do not read, in percent
 */
record BenchSettings(
        String uri,
        Workload workload,
        int payload,
        int connections,
        int window,
        long rate,
        Duration warmup,
        Duration duration,
        int notReading) {

    /** The kinds of load. */
    enum Workload {
        ONEWAY,
        ECHO,
        PINGPONG,
        /** Streams without end from the server, as many per session as the window says. */
        STREAM,
        /** The same in both directions. */
        CHANNEL,
        /** From the server to all sessions. */
        BROADCAST;

        boolean onStreams() {
            return this == STREAM || this == CHANNEL;
        }
    }

    BenchSettings {
        atLeast("--payload", payload, 0);
        atLeast("--connections", connections, 1);
        atLeast("--window", window, 1);
        atLeast("--rate", rate, 0);
        atLeast("--seconds", duration.toSeconds(), 1);
        atLeast("--not-reading", notReading, 0);
        if (notReading > 99 || (notReading > 0 && workload != Workload.BROADCAST)) {
            throw new IllegalArgumentException("--not-reading is 0..99 percent of the sessions of a broadcast");
        }
        if (rate > 0 && (workload == Workload.ONEWAY || workload.onStreams())) {
            throw new IllegalArgumentException("--rate needs replies to measure: use it with echo or pingpong");
        }
    }

    private static void atLeast(String option, long value, long min) {
        if (value < min) {
            throw new IllegalArgumentException(option + " " + value + " is below " + min);
        }
    }
}
