package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.kafka.clients.admin.NewTopic;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Requests over topics, for services behind a gateway.
 *
 * <pre>{@code
 * KafkaRequests.open(options, "gateway-1.replies").map(requests -> requests.request("pricing", packet, Duration.ofSeconds(2)))
 * KafkaRequests.serve(options, "pricing", "pricing-service", packet -> price(packet))      // on the other side
 * }</pre>
 *
 * <p>A request carries its deadline, behind which the service does not work on it. Services with the same consumer group share the
 * requests; one that crashes leaves its request to another, so it may be handled twice. Requests of a partition are handled one after the
 * other, so a slow service wants as many partitions as requests at a time.
 */
public final class KafkaRequests implements Disposable {

    private static final Logger log = Loggers.getLogger(KafkaRequests.class);
    private static final String CORRELATION = "msgtrans-correlation";
    private static final String REPLY_TO = "msgtrans-reply-to";
    private static final String DEADLINE = "msgtrans-deadline";
    private static final String ERROR_CODE = "msgtrans-error-code";
    private static final String ERROR = "msgtrans-error";

    private final KafkaLink link;
    private final String replyTopic;
    private final Map<String, MonoSink<Packet>> pending = new ConcurrentHashMap<>();
    private final KafkaFanOut replies;

    private KafkaRequests(KafkaLink link, String replyTopic) {
        this.link = link;
        this.replyTopic = replyTopic;
        this.replies = KafkaFanOut.alone(link, replyTopic + ".reader", replyTopic, this::replied);
    }

    /** Requests whose responses come to a topic of this process alone, which is made when it is not there. */
    public static Mono<KafkaRequests> open(KafkaOptions options, String replyTopic) {
        return Mono.defer(() -> {
            KafkaLink link = new KafkaLink(options);
            return link.create(List.of(new NewTopic(replyTopic, Optional.of(1), Optional.empty())))
                    .then(Mono.fromSupplier(() -> new KafkaRequests(link, replyTopic)))
                    .doOnError(error -> link.close().subscribe());
        });
    }

    /**
     * Asks a service. Fails with {@link RequestTimeoutException}, with {@link PeerException} when the service answers with an error, with
     * {@link LimitException} when {@link KafkaOptions#pending()} requests wait, or with {@code BrokerUnavailableException}.
     */
    public Mono<Packet> request(String topic, Packet request, Duration timeout) {
        return Mono.<Packet>create(sink -> {
                    if (pending.size() >= link.options().pending()) {
                        sink.error(new LimitException(
                                "pending requests over Kafka",
                                "pending",
                                link.options().pending(),
                                pending.size() + 1L));
                        return;
                    }
                    String correlation = UUID.randomUUID().toString();
                    pending.put(correlation, sink);
                    KafkaRecord record = KafkaRecord.of(topic, request.toBytes())
                            .header(CORRELATION, correlation)
                            .header(REPLY_TO, replyTopic)
                            .header(DEADLINE, Long.toString(System.currentTimeMillis() + timeout.toMillis()));
                    Disposable sending = link.send(record).subscribe(nothing -> {}, sink::error);
                    sink.onDispose(() -> {
                        pending.remove(correlation);
                        sending.dispose();
                    });
                })
                .timeout(
                        timeout,
                        Mono.error(() -> new RequestTimeoutException(
                                "no response from topic " + topic + " within " + timeout, timeout)));
    }

    private Mono<Void> replied(ReceivedRecord record) {
        return Mono.fromRunnable(() -> {
            MonoSink<Packet> sink = pending.remove(String.valueOf(record.header(CORRELATION)));
            if (sink == null) {
                log.debug("{}: nobody waits for it", record);
                return;
            }
            String code = record.header(ERROR_CODE);
            if (code == null) {
                sink.success(WirePackets.read(Objects.requireNonNull(record.value())));
            } else {
                sink.error(new PeerException(Integer.parseInt(code), String.valueOf(record.header(ERROR))));
            }
        });
    }

    /**
     * Answers the requests of a topic. A handler that fails answers with an error: the code of its {@link PeerException}, otherwise {@link
     * PeerException#APPLICATION}.
     */
    public static Disposable serve(
            KafkaOptions options,
            String topic,
            String consumerGroup,
            Function<? super Packet, ? extends Mono<Packet>> handler) {
        KafkaLink link = new KafkaLink(options);
        KafkaFanOut requests =
                KafkaFanOut.onLink(link, consumerGroup, topic, record -> answered(link, record, handler));
        return () -> {
            requests.dispose();
            link.close().subscribe(nothing -> {}, error -> log.warn("the producer was not closed in order", error));
        };
    }

    private static Mono<Void> answered(
            KafkaLink link, ReceivedRecord record, Function<? super Packet, ? extends Mono<Packet>> handler) {
        String replyTo = record.header(REPLY_TO);
        String correlation = record.header(CORRELATION);
        byte[] value = record.value();
        if (replyTo == null || correlation == null || value == null) {
            return Mono.error(new IllegalArgumentException(
                    record + " is no request: it has no " + REPLY_TO + " or " + CORRELATION));
        }
        long left = Long.parseLong(Objects.requireNonNullElse(record.header(DEADLINE), Long.toString(Long.MAX_VALUE)))
                - System.currentTimeMillis();
        if (left <= 0) {
            log.debug("{}: its deadline has passed", record);
            return Mono.empty();
        }
        Packet request = WirePackets.read(value);

        return Mono.defer(() -> handler.apply(request))
                .timeout(Duration.ofMillis(Math.min(left, Integer.MAX_VALUE)))
                .map(Packet::payload)
                .defaultIfEmpty(new byte[0])
                .map(payload ->
                        KafkaRecord.of(replyTo, request.response(payload).toBytes()))
                .doOnError(error -> !(error instanceof PeerException), error -> log.warn("{} failed", record, error))
                .onErrorResume(error -> Mono.just(KafkaRecord.of(replyTo, new byte[0])
                        .header(
                                ERROR_CODE,
                                Integer.toString(
                                        error instanceof PeerException peer ? peer.code() : PeerException.APPLICATION))
                        .header(ERROR, String.valueOf(error.getMessage()).getBytes(StandardCharsets.UTF_8))))
                .flatMap(reply -> link.send(reply.header(CORRELATION, correlation)));
    }

    /** Requests that wait. */
    public int pending() {
        return pending.size();
    }

    /** Ends; requests that wait fail by their time-out. */
    @Override
    public void dispose() {
        replies.dispose();
        link.close().subscribe(nothing -> {}, error -> log.warn("the producer was not closed in order", error));
    }

    @Override
    public boolean isDisposed() {
        return replies.isDisposed();
    }
}
