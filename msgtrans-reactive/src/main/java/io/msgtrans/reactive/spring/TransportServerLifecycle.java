package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.TransportServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The server's life in the application's: bound when the context has been refreshed, drained in the phase in which Boot's web servers
 * finish their requests, so while all beans are still there.
 */
public final class TransportServerLifecycle implements SmartLifecycle {

    private static final Logger log = Loggers.getLogger(TransportServerLifecycle.class);
    /** That of Boot's graceful shutdown of web servers. */
    private static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 1024;

    private final TransportServer server;
    private final Duration drainTimeout;
    private volatile @Nullable BoundServer bound;

    TransportServerLifecycle(TransportServer server, Duration drainTimeout) {
        this.server = server;
        this.drainTimeout = drainTimeout;
    }

    /** Where it listens, with the real ports; empty while it does not. */
    public List<URI> uris() {
        BoundServer present = bound;
        return present == null ? List.of() : present.uris();
    }

    /** The server. */
    public BoundServer server() {
        BoundServer present = bound;
        if (present == null) {
            throw new IllegalStateException("the server is not bound: it starts with the application's context");
        }
        return present;
    }

    @Override
    public void start() {
        BoundServer started = server.bindNow();
        bound = started;
        log.info("listening on {}", started.uris());
    }

    /** Waits until all sessions have finished, {@code msgtrans.server.drain-timeout} at most. */
    @Override
    public void stop() {
        BoundServer present = bound;
        if (present != null) {
            present.drain(drainTimeout).block(drainTimeout.plusSeconds(5));
            bound = null;
        }
    }

    @Override
    public void stop(Runnable callback) {
        BoundServer present = bound;
        bound = null;
        if (present == null) {
            callback.run();
        } else {
            present.drain(drainTimeout)
                    .doFinally(signal -> callback.run())
                    .subscribe(nothing -> {}, error -> log.warn("the server did not stop in order", error));
        }
    }

    @Override
    public boolean isRunning() {
        return bound != null;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
