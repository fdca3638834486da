package io.msgtrans.reactive.diagnostics;

import java.util.List;

/**
 * A cause of low throughput or long waits that was seen at work.
 *
 * @param cause what it is
 * @param severity how much it matters
 * @param summary the same in one sentence, with the decisive figure
 * @param evidence what was seen, most telling first
 * @param advice what to do
 */
public record Finding(Cause cause, Severity severity, String summary, List<String> evidence, String advice) {

    /** What may be wrong. */
    public enum Cause {
        /** The process uses all processors. */
        CPU_SATURATED,
        /** Other processes, or other machines of the same host, use the processors. */
        CPU_STOLEN,
        /** A task keeps an event loop from its connections. */
        EVENT_LOOP_BLOCKED,
        /** One event loop does most of the work. */
        EVENT_LOOPS_UNBALANCED,
        /** Threads wait for each other's locks. */
        LOCK_CONTENTION,
        /** Collections take the time, or so much is allocated that they will. */
        GC_PRESSURE,
        /** Direct memory grows. */
        DIRECT_MEMORY_GROWTH,
        /** The network loses packets. */
        NETWORK_LOSS,
        /** Peers do not read what is sent to them. */
        SLOW_PEERS,
        /** Handlers do not ask for what has arrived. */
        SLOW_HANDLERS,
        /** Packets leave one by one where several could leave together. */
        SMALL_WRITES,
        /** Something grows and does not come back, see {@code Monitor.leaks()}. */
        LEAK
    }

    /** How much it matters. */
    public enum Severity {
        /** Good to know. */
        INFO,
        /** Costs throughput or time now. */
        WARNING,
        /** Will fail, or fails. */
        CRITICAL
    }

    public Finding {
        evidence = List.copyOf(evidence);
    }
}
