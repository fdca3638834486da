package io.msgtrans.reactive;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * Who follows requests from one process to the next: {@link SessionOptions#tracing}. {@code
 * io.msgtrans.reactive.tracing.ObservedTracing} does it by Micrometer Observation.
 *
 * <p>Values that travel go beside a request, to peers that agreed on our extensions and to no others.
 */
public interface Tracing {

    /** The names of the values that travel, such as {@code traceparent}. */
    Set<String> fields();

    /**
     * Follows a request that is sent.
     *
     * @param send sends it with values beside it, and gives the response
     */
    Mono<Packet> request(Session session, Packet request, Function<Map<String, String>, Mono<Packet>> send);

    /**
     * Follows what a handler does for a request of the peer, whose values are in its metadata. {@link Router} calls it; a handler
     * without a router calls it by itself.
     */
    <T> Publisher<T> handle(Session session, Packet request, Publisher<T> work);

    /** Follows a session from here, where it is open, to its end. */
    void session(Session session);
}
