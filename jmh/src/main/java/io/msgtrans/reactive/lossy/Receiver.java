package io.msgtrans.reactive.lossy;

import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The server: answers requests, and counts what is transferred beside them. */
final class Receiver {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final LongAdder packets = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    Publisher<Void> handle(Session session) {
        return session.receive().flatMap(packet -> {
            if (packet.type() == PacketType.REQUEST) {
                return session.reply(packet, packet.payload());
            }
            packets.increment();
            bytes.add(packet.payloadLength());
            return Mono.empty();
        });
    }

    long transferred() {
        return bytes.sum();
    }

    long packets() {
        return packets.sum();
    }

    /** Whether so many packets have arrived, after a while at most. */
    boolean awaitPackets(long expected) {
        return Boolean.TRUE.equals(Flux.interval(Duration.ofMillis(10))
                .map(tick -> packets() == expected)
                .filter(Boolean::booleanValue)
                .next()
                .timeout(LIMIT, Mono.just(false))
                .block());
    }
}
