package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.LinkStats;
import reactor.core.publisher.Mono;

/** What a connection's feature implements when it knows what the network under it does. */
public interface Link {

    /** How the network does; empty when nobody knows. */
    Mono<LinkStats> link();
}
