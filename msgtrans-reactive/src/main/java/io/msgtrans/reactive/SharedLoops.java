package io.msgtrans.reactive;

import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The event loops that servers and clients use unless told otherwise: one set for each way to make them, which lives as long as the process. */
final class SharedLoops {

    private static final Map<EventLoopOptions, EventLoops> SETS = new ConcurrentHashMap<>();
    private static final EventLoopOptions SERVER = EventLoopOptions.DEFAULTS.name("msgtrans-server");
    private static final EventLoopOptions CLIENT = EventLoopOptions.DEFAULTS.name("msgtrans-client");
    private static final AtomicLong CLIENT_IDS = new AtomicLong();

    private SharedLoops() {}

    static EventLoops server() {
        return of(SERVER);
    }

    static EventLoops client() {
        return of(CLIENT);
    }

    /** The set of these very options. */
    static EventLoops of(EventLoopOptions options) {
        return SETS.computeIfAbsent(options, EventLoops::create);
    }

    static long nextClientSessionId() {
        return CLIENT_IDS.incrementAndGet();
    }
}
