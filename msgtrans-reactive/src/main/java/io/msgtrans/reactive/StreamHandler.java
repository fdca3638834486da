package io.msgtrans.reactive;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What this side does with the streams that a peer opens; see {@link SessionOptions#streams}. Called on the event loop of the
 * session. What is returned is subscribed at once, asked for as the peer gives credit, and cancelled when the peer cancels or
 * the session ends. An error, returned or thrown, goes to the peer: {@link PeerException} with its code, others as {@link
 * PeerException#APPLICATION} with their message.
 *
 * <p>Items have one subscriber, and demand on them is credit for the peer; items that nobody has subscribed when the result
 * ends are cancelled.
 */
public interface StreamHandler {

    /** Answers one packet with many. */
    default Publisher<Packet> requestStream(Session session, Packet request) {
        return noHandler("requestStream");
    }

    /** Answers many packets with one. */
    default Mono<Packet> sendStream(Session session, Flux<Packet> items) {
        return Mono.from(noHandler("sendStream"));
    }

    /** Answers many packets with many. */
    default Publisher<Packet> channel(Session session, Flux<Packet> items) {
        return noHandler("channel");
    }

    private static Flux<Packet> noHandler(String what) {
        return Flux.error(new PeerException(PeerException.NO_HANDLER, "no handler for " + what));
    }
}
