package io.msgtrans.reactive;

import java.util.concurrent.atomic.AtomicLong;
import reactor.netty.resources.LoopResources;

/** The event loops that servers and clients use unless told otherwise: daemon threads, one per processor each. */
final class EventLoops {

    private static final int WORKERS = Math.max(1, Runtime.getRuntime().availableProcessors());

    private static final AtomicLong CLIENT_IDS = new AtomicLong();

    private EventLoops() {}

    private static final class Server {
        static final LoopResources LOOPS = LoopResources.create("msgtrans-server", 1, WORKERS, true, false);
    }

    /** Not colocated: connections opened from one event loop spread over all of them. */
    private static final class Client {
        static final LoopResources LOOPS = LoopResources.create("msgtrans-client", 1, WORKERS, true, false);
    }

    static LoopResources server() {
        return Server.LOOPS;
    }

    static LoopResources client() {
        return Client.LOOPS;
    }

    static long nextClientSessionId() {
        return CLIENT_IDS.incrementAndGet();
    }
}
