package io.msgtrans.reactive;

import java.util.function.Consumer;

/**
 * How a subscriber of {@link BoundServer#events} is treated that does not keep up. Immutable.
 *
 * @param capacity events that may wait for it, 2..1,048,576
 * @param policy which are dropped beyond
 * @param watcher called with the counters when the subscriber has ended, whatever way
 */
public record EventOptions(int capacity, Policy policy, Consumer<EventStats> watcher) {

    /** Which events a slow subscriber misses. */
    public enum Policy {
        /** Those that come while its queue is full. */
        DROP_NEWEST,
        /** The oldest that wait. */
        DROP_OLDEST
    }

    /** 1,024 events, the newest are dropped, nobody asks for the counters. */
    public static final EventOptions DEFAULTS = new EventOptions(1024, Policy.DROP_NEWEST, stats -> {});

    public EventOptions {
        SessionOptions.between("capacity", capacity, 2, 1 << 20);
    }
}
