package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.BrokerUnavailableException;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Sessions' packets to topics. A request is answered, without a payload, when the brokers have its packet in sync; so what is answered is
 * safe, and what is not may be sent again ({@code AcknowledgedSender} does it by itself, see {@link #send}).
 *
 * <pre>{@code
 * KafkaIngest ingest = KafkaIngest.of(KafkaOptions.of("kafka:9092"),
 *     (session, packet) -> KafkaRecord.of("readings", deviceOf(session), packet.payload()));
 * TransportServer.create().listen(uri).handle(ingest::handle)
 * }</pre>
 *
 * <p>Packets of a session reach a partition in their order. While the brokers take no more, sessions are not read, up to {@link
 * KafkaOptions#sendTimeout}; then requests get {@link PeerException#UNAVAILABLE} as answer where the peer can be told, and a session
 * with a one-way packet is closed with code 1013, so that its peer knows that not all has arrived.
 */
public final class KafkaIngest {

    private static final Logger log = Loggers.getLogger(KafkaIngest.class);
    private static final int TRY_AGAIN_LATER = 1013;
    /** Packets of one session that wait for the brokers at a time. */
    private static final int SESSION_IN_FLIGHT = 256;

    private final KafkaLink link;
    private final BiFunction<? super Session, ? super Packet, KafkaRecord> mapping;
    private final LongAdder received = new LongAdder();
    private final LongAdder acknowledged = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder refused = new LongAdder();

    private KafkaIngest(KafkaLink link, BiFunction<? super Session, ? super Packet, KafkaRecord> mapping) {
        this.link = link;
        this.mapping = mapping;
    }

    /**
     * An ingest with a producer of its own.
     *
     * @param mapping gives topic, key and content; called on the session's event loop. What it throws refuses the packet: a request
     *     is answered with {@link PeerException#BAD_PAYLOAD}, a one-way packet is counted and logged.
     */
    public static KafkaIngest of(
            KafkaOptions options, BiFunction<? super Session, ? super Packet, KafkaRecord> mapping) {
        return new KafkaIngest(new KafkaLink(options), mapping);
    }

    /** What a server does with a session: {@code handle(ingest::handle)}. */
    public Publisher<Void> handle(Session session) {
        return session.receive()
                .flatMapSequential(packet -> ingested(session, packet), SESSION_IN_FLIGHT)
                .then();
    }

    /**
     * Sends one packet and completes when the brokers have it; for handlers of one's own, such as {@code
     * AcknowledgedReceiver.receive(session).concatMap(d -> ingest.send(session, d.packet()).then(d.acknowledge()))}. Fails with {@link
     * BrokerUnavailableException}, or with what the mapping threw. Signalled on a thread of the producer.
     */
    public Mono<Void> send(Session session, Packet packet) {
        return Mono.defer(() -> {
                    received.increment();
                    KafkaRecord record;
                    try {
                        record = mapping.apply(session, packet);
                    } catch (RuntimeException bad) {
                        refused.increment();
                        return Mono.<Void>error(bad);
                    }
                    return link.send(record).doOnError(error -> failed.increment());
                })
                .doOnSuccess(done -> acknowledged.increment());
    }

    private Mono<Void> ingested(Session session, Packet packet) {
        boolean request = packet.type() == PacketType.REQUEST;
        return send(session, packet)
                .then(Mono.defer(() -> request ? session.reply(packet, new byte[0]) : Mono.empty()))
                .onErrorResume(error -> session.isOpen() ? notTaken(session, packet, request, error) : Mono.empty());
    }

    private static Mono<Void> notTaken(Session session, Packet packet, boolean request, Throwable error) {
        boolean unavailable = error instanceof BrokerUnavailableException;
        if (request && session.isExtended()) {
            return session.replyError(
                    packet,
                    unavailable ? PeerException.UNAVAILABLE : PeerException.BAD_PAYLOAD,
                    unavailable ? "the brokers do not take it" : String.valueOf(error.getMessage()));
        }
        log.warn("{}: a packet was not taken", session, error);
        return unavailable && !request
                ? session.close(new CloseReason(CloseReason.Kind.LOCAL, TRY_AGAIN_LATER, "the brokers do not take it"))
                : Mono.empty();
    }

    /** What it did so far. */
    public KafkaStats stats() {
        return new KafkaStats(received.sum(), acknowledged.sum(), failed.sum(), refused.sum(), 0, link.underWay());
    }

    /** Completes when the brokers answer in time; fails with {@link BrokerUnavailableException} otherwise. For health checks. */
    public Mono<Void> ping(Duration limit) {
        return link.ping(limit);
    }

    /** Waits for what is under way, {@link KafkaOptions#closeTimeout()} at most, and lets the producer go. Close the server first. */
    public Mono<Void> close() {
        return link.close();
    }
}
