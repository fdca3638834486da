package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import java.time.Duration;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** Sends a request for each subscriber. */
final class RequestMono extends Mono<Packet> {

    private final Outbound outbound;
    private final PendingRequests pending;
    private final Packet packet;
    private final Duration timeout;

    RequestMono(Outbound outbound, PendingRequests pending, Packet packet, Duration timeout) {
        this.outbound = outbound;
        this.pending = pending;
        this.packet = packet;
        this.timeout = timeout;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Packet> actual) {
        PendingRequest request;
        try {
            outbound.checkSize(packet);
            pending.acquire();
            request = new PendingRequest(pending, packet, timeout, actual);
        } catch (RuntimeException refused) {
            packet.release();
            Operators.error(actual, refused);
            return;
        }
        actual.onSubscribe(request);
        outbound.request(request);
    }
}
