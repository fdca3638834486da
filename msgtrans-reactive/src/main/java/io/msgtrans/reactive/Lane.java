package io.msgtrans.reactive;

import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * One of several ways out of a session that do not wait for each other: a large or slow message on one lane does not hold
 * up the others. Packets keep their order within a lane and may overtake those of other lanes. What arrives comes
 * together in {@link Session#receive()}, in the order of each lane.
 *
 * <p>Lanes end with their session. Everything else is as with the methods of the same name of {@link Session}.
 */
public interface Lane {

    /** As {@link Session#send(Publisher)}, on this lane. */
    Mono<Void> send(Publisher<Packet> packets);

    /** As {@link Session#offer(Packet)}, on this lane. */
    OfferResult offer(Packet packet);

    /** As {@link Session#request(Packet, Duration)}, on this lane; the peer chooses the lane of its response. */
    Mono<Packet> request(Packet packet, Duration timeout);
}
