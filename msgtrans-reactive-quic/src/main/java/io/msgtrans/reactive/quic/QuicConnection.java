package io.msgtrans.reactive.quic;

import reactor.core.publisher.Mono;

/** What a session over QUIC offers beyond others: {@code session.transport(QuicConnection.class)}. */
public interface QuicConnection {

    /** The application protocol (ALPN) that both sides agreed on. */
    String applicationProtocol();

    /** Whether the peer is one of ours and agreed on our extensions. */
    boolean isExtended();

    /** What the connection did so far; the last state when it is closed. */
    Mono<QuicStats> stats();
}
