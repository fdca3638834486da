package io.msgtrans.reactive;

/** What sessions mostly carry, for bounds of memory that suit it: {@link SessionOptions#workload}. */
public enum Workload {
    /** Messages up to some KiB, many per second: the defaults. */
    SMALL_MESSAGES,
    /** Messages of 64 KiB and more: large reads, and bounds that take some of them. */
    LARGE_MESSAGES,
    /** Ten thousands of sessions that say little: small reads and bounds, so that each costs little even when it stalls. */
    MANY_SESSIONS
}
