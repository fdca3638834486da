package io.msgtrans.reactive.monitor;

/**
 * What the process took from the machine.
 *
 * @param cpu share of all processors that it used, 0..1; negative where the JVM cannot tell
 * @param machineCpu the same of all processes together
 * @param stolen share of a virtual machine's processors that its host gave to others, 0..1; 0 where Linux does not tell
 * @param heapUsed bytes of the heap in use
 * @param heapMax bytes that the heap may grow to
 * @param heapAfterGc bytes of the heap that were in use after the last collection; 0 before the first
 * @param directUsed bytes of direct memory in use, by Netty and others
 * @param directMax bytes that Netty's direct memory may grow to
 * @param gcShare share of the time spent in pauses of the collector, 0..1
 * @param allocatedPerSecond bytes of heap that were allocated per second
 * @param threads live threads
 */
public record ProcessStats(
        double cpu,
        double machineCpu,
        double stolen,
        long heapUsed,
        long heapMax,
        long heapAfterGc,
        long directUsed,
        long directMax,
        double gcShare,
        double allocatedPerSecond,
        int threads) {}
