package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What {@code serve} does with streams. A request whose payload is a decimal number gets the numbers below it as text; any
 * other gets its own payload back without end. Many packets are answered with their decimal count; a channel is an echo.
 */
final class CountingStreams implements StreamHandler {

    @Override
    public Publisher<Packet> requestStream(Session session, Packet request) {
        String text = request.payloadLength() > 18 ? "" : request.payloadText();
        if (!text.matches("\\d+")) {
            byte[] payload = request.payload();
            return Flux.generate(sink -> sink.next(Packet.oneWay(payload)));
        }
        long count = Long.parseLong(text);
        if (count > Integer.MAX_VALUE) {
            return Flux.error(new PeerException(PeerException.FIRST_OWN, count + " is too many to count"));
        }
        return Flux.range(0, (int) count).map(number -> Packet.oneWay(Integer.toString(number)));
    }

    @Override
    public Mono<Packet> sendStream(Session session, Flux<Packet> items) {
        return items.count().map(count -> Packet.oneWay(Long.toString(count)));
    }

    @Override
    public Publisher<Packet> channel(Session session, Flux<Packet> items) {
        return items;
    }
}
