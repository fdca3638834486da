package io.msgtrans.reactive.samples.iot;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.kafka.KafkaIngest;
import io.msgtrans.reactive.kafka.KafkaOptions;
import io.msgtrans.reactive.kafka.KafkaRecord;
import io.msgtrans.reactive.operator.Batches;
import io.msgtrans.reactive.operator.MpmcChannel;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The server: reports from sessions go through one bounded queue to the store, in batches, and are answered when they are stored. While
 * the store is behind, the queue is full, sessions are not read, and devices wait.
 *
 * <pre>
 *   devices --report--> queue --batches--> table          device is hot --> operators
 *           <--answer--------------------- stored
 * </pre>
 */
public final class Collector implements Disposable {

    /** A one-way packet of this biz type makes its sender an operator; alerts come as the same. */
    public static final int ALERTS = 2;

    private static final Logger log = Loggers.getLogger(Collector.class);
    private static final int QUEUED_REPORTS = 4096;
    private static final int BATCH_REPORTS = 256;
    private static final Duration BATCH_TIME = Duration.ofMillis(20);
    private static final Duration STOP = Duration.ofSeconds(10);
    private static final Duration BROKERS = Duration.ofSeconds(10);
    /** Reports of one session that are not stored yet. */
    private static final int SESSION_REPORTS = 64;

    private record Pending(Report report, MonoSink<Void> stored) {}

    private final ReadingStore store = ReadingStore.inMemory();
    private final MpmcChannel<Pending> queue = MpmcChannel.mpsc(QUEUED_REPORTS);
    private final Group operators = Groups.create().group("operators");
    private final HeatWatch heat;
    private final @Nullable KafkaIngest kafka;
    private final LongAdder readings = new LongAdder();
    private final LongAdder batches = new LongAdder();
    private final LongAdder alerts = new LongAdder();
    private final Sinks.Empty<Void> storing = Sinks.empty();
    private final BoundServer server;

    private Collector(String uri, float hotCelsius, @Nullable String kafkaBrokers) {
        this.heat = new HeatWatch(hotCelsius);
        this.kafka = kafkaBrokers == null
                ? null
                : KafkaIngest.of(
                        KafkaOptions.of(kafkaBrokers),
                        (session, packet) -> KafkaRecord.of(
                                "readings", Integer.toString(Report.of(packet).device()), packet.payload()));
        if (kafka != null) {
            kafka.ping(BROKERS).block();
        }
        queue.receive()
                .transform(Batches.<Pending>ofItems(BATCH_REPORTS).within(BATCH_TIME)::of)
                .concatMap(this::insert, 1)
                .subscribe(nothing -> {}, storing::tryEmitError, storing::tryEmitEmpty);
        this.server = TransportServer.create().listen(uri).handle(this::handle).bindNow();
    }

    /**
     * Starts one.
     *
     * @param kafkaBrokers where reports go too, to the topic {@code readings}, before they are answered
     * @throws io.msgtrans.reactive.BrokerUnavailableException when they do not answer within ten seconds
     */
    public static Collector start(String uri, float hotCelsius, @Nullable String kafkaBrokers) {
        return new Collector(uri, hotCelsius, kafkaBrokers);
    }

    private Publisher<Void> handle(Session session) {
        return session.receive().flatMap(packet -> taken(session, packet), SESSION_REPORTS);
    }

    private Mono<Void> taken(Session session, Packet packet) {
        if (packet.type() == PacketType.REQUEST && packet.bizType() == Report.BIZ_TYPE) {
            return Mono.defer(() -> stored(Report.of(packet)))
                    .then(kafka == null ? Mono.empty() : kafka.send(session, packet))
                    .then(session.reply(packet, new byte[0]))
                    .onErrorResume(TransportException.class, error -> notTaken(session, packet, error));
        }
        if (packet.bizType() == ALERTS) {
            operators.join(session);
        }
        return Mono.empty();
    }

    /** The device is told, so that it sends the report again, or mends it. */
    private static Mono<Void> notTaken(Session session, Packet packet, TransportException error) {
        if (!session.isOpen() || !session.isExtended()) {
            log.warn("{}: a report was not taken, and its device is not told", session, error);
            return Mono.empty();
        }
        int code = error instanceof PeerException known ? known.code() : PeerException.UNAVAILABLE;
        return session.replyError(packet, code, String.valueOf(error.getMessage()));
    }

    /** Completes when it is stored; waits while the queue is full. */
    private Mono<Void> stored(Report report) {
        return Mono.create(
                sink -> sink.onDispose(queue.send(new Pending(report, sink)).subscribe(nothing -> {}, sink::error)));
    }

    private Mono<Void> insert(List<Pending> batch) {
        List<Reading> rows = new ArrayList<>();
        for (Pending pending : batch) {
            rows.addAll(pending.report().readings());
        }
        rows.forEach(reading -> heat.look(reading).ifPresent(this::alert));
        return store.insert(rows)
                .doOnSuccess(done -> {
                    readings.add(rows.size());
                    batches.increment();
                    batch.forEach(pending -> pending.stored().success());
                })
                .onErrorResume(error -> {
                    log.warn("{} readings were not stored, and their devices are told", rows.size(), error);
                    batch.forEach(pending ->
                            pending.stored().error(new PeerException(PeerException.UNAVAILABLE, "not stored")));
                    return Mono.empty();
                });
    }

    private void alert(String text) {
        alerts.increment();
        Packet packet = Packet.builder(PacketType.ONE_WAY)
                .bizType(ALERTS)
                .payload(text.getBytes(StandardCharsets.UTF_8))
                .build();
        if (operators.offer(packet) != OfferResult.ACCEPTED) {
            log.warn("operators are behind: {}", text);
        }
    }

    /** Where it listens. */
    public URI uri() {
        return server.uri();
    }

    /** Sessions that are open. */
    public int sessions() {
        return server.sessionCount();
    }

    /** Readings stored so far. */
    public long stored() {
        return readings.sum();
    }

    /** Inserts so far. */
    public long batches() {
        return batches.sum();
    }

    /** Alerts so far. */
    public long alerts() {
        return alerts.sum();
    }

    /** Bytes that came over the network. */
    public long bytesReceived() {
        return server.stats().traffic().bytesReceived();
    }

    /** What the table has. */
    public Mono<Long> rows() {
        return store.count();
    }

    /** Stores what came, then ends. */
    @Override
    public void dispose() {
        server.drain(STOP).block(STOP.plusSeconds(5));
        queue.close();
        storing.asMono().block(STOP);
        if (kafka != null) {
            kafka.close().block(STOP.plusSeconds(30));
        }
        store.dispose();
    }
}
