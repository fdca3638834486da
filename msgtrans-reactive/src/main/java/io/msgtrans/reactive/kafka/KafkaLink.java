package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.BrokerUnavailableException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.operator.MpmcChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.kafka.receiver.KafkaReceiver;
import reactor.kafka.receiver.ReceiverOffset;
import reactor.kafka.receiver.ReceiverOptions;
import reactor.kafka.receiver.ReceiverPartition;
import reactor.kafka.sender.KafkaSender;
import reactor.kafka.sender.SenderOptions;
import reactor.kafka.sender.SenderRecord;
import reactor.kafka.sender.SenderResult;
import reactor.util.Logger;
import reactor.util.Loggers;
import reactor.util.retry.Retry;

/** One producer, and consumers as they are asked for. The only type that knows Reactor Kafka. */
final class KafkaLink {

    private static final Logger log = Loggers.getLogger(KafkaLink.class);
    private static final Duration RETRY_FIRST = Duration.ofMillis(200);
    private static final Duration RETRY_MOST = Duration.ofSeconds(10);
    private static final Duration ADMIN_LIMIT = Duration.ofSeconds(30);
    private static final Duration COMMIT_EVERY = Duration.ofMillis(500);
    private static final int COMMIT_BATCH = 1000;
    /** How long a rebalance waits for what is being handled. */
    private static final Duration REBALANCE_WAIT = Duration.ofSeconds(5);

    /** A record and what to do when it was handled. */
    record Delivered(ReceivedRecord record, Runnable handled) {}

    /** Where a consumer begins that nobody has remembered an offset for. */
    enum Start {
        EARLIEST,
        LATEST
    }

    private record Waiting(KafkaRecord record, MonoSink<Void> sender) {}

    private final KafkaOptions options;
    private final KafkaSender<byte[], byte[]> sender;
    private final MpmcChannel<Waiting> waiting;
    /** Kafka's producer may block for a moment, which no event loop must. */
    private final Scheduler producing = Schedulers.newBoundedElastic(1, 64, "msgtrans-kafka-send", 60, true);

    private final AtomicLong underWay = new AtomicLong();
    private final AtomicBoolean closed = new AtomicBoolean();

    KafkaLink(KafkaOptions options) {
        this.options = options;
        this.waiting = MpmcChannel.mpmc(options.pending());
        Map<String, Object> config = new HashMap<>();
        config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.brokers());
        config.put(ProducerConfig.CLIENT_ID_CONFIG, options.clientId());
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 1);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, options.sendTimeout().toMillis());
        int timeoutMillis = (int) options.sendTimeout().toMillis();
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeoutMillis);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.max(500, Math.min(5000, timeoutMillis - 2)));
        config.putAll(options.properties());
        config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        this.sender = KafkaSender.create(SenderOptions.<byte[], byte[]>create(config)
                .maxInFlight(options.inFlight())
                .stopOnError(false)
                .closeTimeout(options.closeTimeout()));
        var unused = sender.send(waiting.receive(producing).map(KafkaLink::toSend))
                .doOnNext(this::sent)
                .retryWhen(Retry.backoff(Long.MAX_VALUE, RETRY_FIRST)
                        .maxBackoff(RETRY_MOST)
                        .filter(error -> !closed.get())
                        .doBeforeRetry(signal ->
                                log.warn("the producer begins again", signal.failure()))) // its records were told
                .subscribe(result -> {}, error -> log.debug("the producer ended", error));
    }

    KafkaOptions options() {
        return options;
    }

    // ---- out ----

    /** Completes when the brokers have it, in sync; waits while too much is under way. */
    Mono<Void> send(KafkaRecord record) {
        return Mono.<Void>create(sink -> {
                    underWay.incrementAndGet();
                    sink.onDispose(underWay::decrementAndGet);
                    var unused = waiting.send(new Waiting(record, sink)).subscribe(nothing -> {}, sink::error);
                })
                .timeout(
                        options.sendTimeout().plusSeconds(5),
                        Mono.error(() -> new BrokerUnavailableException(
                                "the brokers " + options.brokers() + " did not acknowledge a record for "
                                        + record.topic() + " within " + options.sendTimeout() + " (option sendTimeout)",
                                null)))
                .onErrorMap(
                        error -> !(error instanceof BrokerUnavailableException) && !(error instanceof LimitException),
                        error -> new BrokerUnavailableException(
                                "a record for " + record.topic() + " was not taken: " + error, error));
    }

    private static SenderRecord<byte[], byte[], MonoSink<Void>> toSend(Waiting next) {
        KafkaRecord record = next.record();
        ProducerRecord<byte[], byte[]> outgoing = new ProducerRecord<>(record.topic(), record.key(), record.value());
        record.headers().forEach((name, value) -> outgoing.headers().add(name, value));
        return SenderRecord.create(outgoing, next.sender());
    }

    private void sent(SenderResult<MonoSink<Void>> result) {
        Exception failed = result.exception();
        if (failed == null) {
            result.correlationMetadata().success();
        } else {
            result.correlationMetadata().error(failed);
        }
    }

    /** Records that are not acknowledged yet. */
    long underWay() {
        return underWay.get();
    }

    // ---- in ----

    /**
     * What topics have, for one member of a consumer group: an offset is committed when its record, and all before it in the
     * partition, were handled. Goes on by itself when the consumer fails.
     *
     * @param member a name in the group that outlives the process: whoever comes back with it need not wait until it is missed
     */
    Flux<Delivered> receive(Collection<String> topics, String group, Start start, @Nullable String member) {
        Map<String, Object> config = consumerConfig(start);
        config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        if (member != null) {
            config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, member);
        }
        ReceiverOptions<byte[], byte[]> receiving = ReceiverOptions.<byte[], byte[]>create(config)
                .commitInterval(COMMIT_EVERY)
                .commitBatchSize(COMMIT_BATCH)
                .maxDeferredCommits(options.inFlight())
                .maxDelayRebalance(REBALANCE_WAIT)
                .subscription(topics);
        return Flux.defer(() -> KafkaReceiver.create(receiving).receive())
                .map(record -> new Delivered(received(record), acknowledge(record.receiverOffset())))
                .retryWhen(Retry.backoff(Long.MAX_VALUE, RETRY_FIRST)
                        .maxBackoff(RETRY_MOST)
                        .doBeforeRetry(signal -> log.warn("a consumer of {} begins again", topics, signal.failure())));
    }

    /** All that a topic has, from its beginning, and what comes: for state that each node has as a whole. */
    Flux<ReceivedRecord> replay(String topic) {
        ReceiverOptions<byte[], byte[]> receiving = ReceiverOptions.<byte[], byte[]>create(
                        consumerConfig(Start.EARLIEST))
                .addAssignListener(partitions -> partitions.forEach(ReceiverPartition::seekToBeginning))
                .commitInterval(Duration.ZERO)
                .commitBatchSize(0);
        return partitions(topic)
                .flatMapMany(parts -> Flux.defer(
                        () -> KafkaReceiver.create(receiving.assignment(parts)).receive()))
                .map(KafkaLink::received)
                .retryWhen(Retry.backoff(Long.MAX_VALUE, RETRY_FIRST)
                        .maxBackoff(RETRY_MOST)
                        .doBeforeRetry(signal -> log.warn("the replay of {} begins again", topic, signal.failure())));
    }

    private Map<String, Object> consumerConfig(Start start) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.brokers());
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, options.clientId());
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, start == Start.EARLIEST ? "earliest" : "latest");
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 30_000);
        config.putAll(options.properties());
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        return config;
    }

    private static Runnable acknowledge(ReceiverOffset offset) {
        return offset::acknowledge;
    }

    private static ReceivedRecord received(ConsumerRecord<byte[], byte[]> record) {
        Map<String, byte[]> headers = new HashMap<>();
        record.headers().forEach(header -> headers.put(header.key(), header.value()));
        return new ReceivedRecord(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                headers);
    }

    // ---- health ----

    /** Completes when the brokers answer; fails with {@link BrokerUnavailableException} when they do not. */
    Mono<Void> ping(Duration limit) {
        return Mono.<Void>fromCallable(() -> {
                    try (Admin admin = admin(limit)) {
                        admin.describeCluster().clusterId().get();
                    }
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic())
                .onErrorMap(error -> new BrokerUnavailableException(
                        "the brokers " + options.brokers() + " did not answer within " + limit, error));
    }

    // ---- topics ----

    /** Makes topics that are not there. */
    Mono<Void> create(Collection<NewTopic> topics) {
        return Mono.<Void>fromCallable(() -> {
                    try (Admin admin = admin(ADMIN_LIMIT)) {
                        for (var created : admin.createTopics(topics).values().values()) {
                            waitFor(created);
                        }
                    }
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    private static void waitFor(KafkaFuture<Void> created) throws Exception {
        try {
            created.get();
        } catch (ExecutionException failed) {
            if (!(failed.getCause() instanceof TopicExistsException)) {
                throw failed;
            }
        }
    }

    private Mono<Collection<TopicPartition>> partitions(String topic) {
        return Mono.fromCallable(() -> {
                    try (Admin admin = admin(ADMIN_LIMIT)) {
                        Collection<TopicPartition> found = new ArrayList<>();
                        Objects.requireNonNull(
                                        admin.describeTopics(Set.of(topic))
                                                .allTopicNames()
                                                .get()
                                                .get(topic),
                                        topic)
                                .partitions()
                                .forEach(info -> found.add(new TopicPartition(topic, info.partition())));
                        return found;
                    }
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** Its calls fail behind the limit, so that nobody waits for longer, not even its end. */
    private Admin admin(Duration limit) {
        Map<String, Object> config = new HashMap<>(options.properties());
        config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, options.brokers());
        config.put(CommonClientConfigs.CLIENT_ID_CONFIG, options.clientId());
        config.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) limit.toMillis());
        config.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, (int) limit.toMillis());
        return Admin.create(config);
    }

    // ---- the end ----

    /** Waits for what is under way, and lets the producer go. */
    Mono<Void> close() {
        return Mono.defer(() -> {
            if (!closed.compareAndSet(false, true)) {
                return Mono.empty();
            }
            return Flux.interval(Duration.ZERO, Duration.ofMillis(10))
                    .filter(tick -> underWay.get() == 0)
                    .next()
                    .timeout(options.closeTimeout(), Mono.empty())
                    .doOnSuccess(done -> waiting.close())
                    .then(Mono.<Void>fromRunnable(sender::close).subscribeOn(Schedulers.boundedElastic()))
                    .doFinally(signal -> producing.dispose());
        });
    }
}
