package io.msgtrans.reactive.spi;

import java.net.URI;
import reactor.core.publisher.Mono;

/** Something that accepts connections. */
public interface Listener {

    /** Where it listens, with the real port. */
    URI uri();

    /** Stops accepting; sessions live on. */
    Mono<Void> stopAccepting();

    /** Called when no session is left: completes when the address is free again. */
    default Mono<Void> close() {
        return Mono.empty();
    }
}
