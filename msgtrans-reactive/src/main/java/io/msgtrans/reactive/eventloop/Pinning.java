package io.msgtrans.reactive.eventloop;

/** To which processors the threads of event loops are bound, with {@code net.openhft:affinity} on the class path. */
public enum Pinning {
    /** To none: the operating system moves them as it likes. */
    NONE,
    /**
     * Each to all processors of one NUMA node, node by node in turn: a thread stays near the memory of its connections, whose buffers
     * it allocates itself.
     */
    NODE,
    /** Each to one processor, nodes in turn, one processor of each core before the second of any. */
    PROCESSOR
}
