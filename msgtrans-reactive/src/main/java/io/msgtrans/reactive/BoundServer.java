package io.msgtrans.reactive;

import io.msgtrans.reactive.monitor.Timings;
import io.netty.util.concurrent.EventExecutor;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A server that listens. */
public interface BoundServer extends Disposable {

    /** Where it listens, in the order of the {@code listen} calls, with the real ports. */
    List<URI> uris();

    /** The first of {@link #uris()}. */
    default URI uri() {
        return uris().get(0);
    }

    /** The open session of an id, or {@code null}. */
    @Nullable
    Session session(long id);

    /** The open sessions; a live view that never fails while it changes. */
    Collection<Session> sessions();

    /** How many sessions are open. */
    int sessionCount();

    /** What the server did so far. */
    ServerStats stats();

    /**
     * Changes the options of the sessions: all of them for those that open from now on, and for open ones what {@link
     * Session#reconfigure} says. Any thread may call.
     */
    void reconfigure(UnaryOperator<SessionOptions> change);

    /** The options that sessions get which open now. */
    SessionOptions sessionOptions();

    /** How long handshakes and answers take, and responses to this server's own requests. */
    Timings timings();

    /** The event loops on which it has had sessions so far. */
    Set<EventExecutor> eventLoops();

    /**
     * What happens to the server from the subscription on: sessions opened and closed, connections refused, handlers that
     * failed. Signalled by a worker of {@code Schedulers.parallel()}; completes when the server has ended. A subscriber that is
     * too slow misses events, which are counted, and costs the sessions nothing.
     */
    Flux<ServerEvent> events(EventOptions options);

    /** As {@link #events(EventOptions)} with the defaults. */
    default Flux<ServerEvent> events() {
        return events(EventOptions.DEFAULTS);
    }

    /**
     * Shuts down in order, subscribed to or not: stops accepting, drains every session ({@link Session#drain()}), cuts
     * what is left at the deadline. Completes when all sessions are gone and the addresses are free.
     */
    Mono<Void> drain(Duration deadline);

    /** Stops accepting and cuts all sessions at once; see {@link #onDispose()} for the end. */
    @Override
    void dispose();

    /** Completes when all sessions are gone and the addresses can be bound again. */
    Mono<Void> onDispose();
}
