package io.msgtrans.reactive.spi;

import java.net.URI;
import reactor.core.publisher.Mono;

/** Something that accepts connections. */
public interface Listener {

    /** Where it listens, with the real port. */
    URI uri();

    /** Stops accepting, once; completes when the address is free again. Sessions live on. */
    Mono<Void> close();
}
