package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.group.Groups;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.Logger;
import reactor.util.Loggers;
import reactor.util.retry.Retry;

/**
 * Records of topics to groups of sessions, or to any handler. Records of a partition are handled one after the other, partitions side by
 * side; an offset is committed when its record was handled, so after a crash of this process some come twice and none is lost. What comes again to
 * a process that has handled it, as after an outage of the brokers, is left out, the last 4,096 records of each partition.
 *
 * <pre>{@code
 * KafkaFanOut.start(options, "prices-node-1", List.of("prices"),
 *     KafkaFanOut.toGroups(rooms, record -> new KafkaFanOut.Target(record.keyText(), Packet.oneWay(record.value()))))
 * }</pre>
 *
 * <p>Each node has a consumer group of its own when every node shall have every record; nodes with the same one share them. What fails
 * is tried again, {@link KafkaOptions#attempts()} in all, then it goes to the dead-letter topic with its origin and the error in headers,
 * and the partition goes on. While groups, or the handler, take no more, the consumer is paused.
 *
 * <p>Handlers are called on a thread of its own, {@code msgtrans-kafka}, which they must not block.
 */
public final class KafkaFanOut implements Disposable {

    /**
     * Where a record goes.
     *
     * @param group its name
     * @param packet what its members get
     */
    public record Target(String group, Packet packet) {}

    private static final Logger log = Loggers.getLogger(KafkaFanOut.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration RESUME_CHECK = Duration.ofMillis(20);
    /** Records of one partition that wait for those before them. */
    private static final int PREFETCH = 64;

    private final KafkaLink link;
    private final boolean ownsLink;
    private final Function<? super ReceivedRecord, ? extends Mono<Void>> handler;
    private final Scheduler scheduler = Schedulers.newSingle("msgtrans-kafka", true);
    private final AtomicBoolean paused = new AtomicBoolean();
    private final AtomicLong underWay = new AtomicLong();
    private final LongAdder received = new LongAdder();
    private final LongAdder handled = new LongAdder();
    private final LongAdder dead = new LongAdder();
    private final LongAdder retried = new LongAdder();
    private final LongAdder repeated = new LongAdder();
    private final Map<String, HandledOffsets> handledOffsets = new ConcurrentHashMap<>();
    private final Disposable receiving;

    private KafkaFanOut(
            KafkaLink link,
            boolean ownsLink,
            String consumerGroup,
            Collection<String> topics,
            KafkaLink.Start start,
            @Nullable String member,
            Function<? super ReceivedRecord, ? extends Mono<Void>> handler) {
        this.link = link;
        this.ownsLink = ownsLink;
        this.handler = handler;
        this.receiving = link.receive(topics, consumerGroup, start, member)
                .publishOn(scheduler, PREFETCH)
                .groupBy(next -> next.record().topicPartition(), PREFETCH)
                .flatMap(partition -> partition.concatMap(this::handle, 1), Integer.MAX_VALUE, 1)
                .retryWhen(Retry.backoff(Long.MAX_VALUE, FIRST_PAUSE)
                        .maxBackoff(LONGEST_PAUSE)
                        .doBeforeRetry(signal -> log.warn(
                                "the fan-out of {} begins again at what is not committed", topics, signal.failure())))
                .subscribe(nothing -> {}, error -> log.error("the fan-out of {} ended", topics, error));
    }

    /** Begins to receive: where the consumer group has got to, or at what comes from now on when it is new. */
    public static KafkaFanOut start(
            KafkaOptions options,
            String consumerGroup,
            Collection<String> topics,
            Function<? super ReceivedRecord, ? extends Mono<Void>> handler) {
        return new KafkaFanOut(
                new KafkaLink(options),
                true,
                consumerGroup,
                List.copyOf(topics),
                KafkaLink.Start.LATEST,
                null,
                handler);
    }

    /** The same on a link that somebody else closes, from the beginning when the group is new. */
    static KafkaFanOut onLink(
            KafkaLink link,
            String consumerGroup,
            String topic,
            Function<? super ReceivedRecord, ? extends Mono<Void>> handler) {
        return new KafkaFanOut(link, false, consumerGroup, List.of(topic), KafkaLink.Start.EARLIEST, null, handler);
    }

    /** The same for a group with one member, which has it again at once when it comes back, even from a crash. */
    static KafkaFanOut alone(
            KafkaLink link,
            String consumerGroup,
            String topic,
            Function<? super ReceivedRecord, ? extends Mono<Void>> handler) {
        return new KafkaFanOut(
                link, false, consumerGroup, List.of(topic), KafkaLink.Start.EARLIEST, consumerGroup, handler);
    }

    /** A handler that sends each record to a group, waiting while the group takes no more. */
    public static Function<ReceivedRecord, Mono<Void>> toGroups(
            Groups groups, Function<? super ReceivedRecord, Target> mapping) {
        return record -> Mono.defer(() -> {
            Target target = mapping.apply(record);
            return groups.group(target.group()).broadcast(target.packet()).then();
        });
    }

    private Mono<Void> handle(KafkaLink.Delivered next) {
        ReceivedRecord record = next.record();
        HandledOffsets here = handledOffsets.computeIfAbsent(record.topicPartition(), key -> new HandledOffsets());
        return Mono.defer(() -> {
                    received.increment();
                    underWay.incrementAndGet();
                    return whenNotPaused().then(Mono.defer(() -> once(record, here)));
                })
                .doOnSuccess(done -> next.handled().run())
                .doFinally(signal -> underWay.decrementAndGet());
    }

    private Mono<Void> whenNotPaused() {
        return paused.get()
                ? Flux.interval(RESUME_CHECK, scheduler)
                        .filter(tick -> !paused.get())
                        .next()
                        .then()
                : Mono.empty();
    }

    private Mono<Void> once(ReceivedRecord record, HandledOffsets here) {
        if (here.contains(record)) {
            repeated.increment();
            return Mono.empty();
        }
        return tried(record).doOnSuccess(done -> here.add(record));
    }

    private Mono<Void> tried(ReceivedRecord record) {
        return Mono.defer(() -> handler.apply(record))
                .doOnSuccess(done -> handled.increment())
                .retryWhen(Retry.backoff(link.options().attempts() - 1L, FIRST_PAUSE)
                        .maxBackoff(LONGEST_PAUSE)
                        .doBeforeRetry(signal -> retried.increment())
                        .onRetryExhaustedThrow((spec, signal) -> signal.failure()))
                .onErrorResume(error -> toDeadLetters(record, error));
    }

    /** When that fails too, the consumer begins again at what is not committed. */
    private Mono<Void> toDeadLetters(ReceivedRecord record, Throwable error) {
        log.warn("{} cannot be handled, it becomes a dead letter", record, error);
        KafkaRecord letter = KafkaRecord.of(link.options().deadLettersOf(record.topic()), record.key(), record.value())
                .headers(record.headers())
                .header("msgtrans-origin", record.toString())
                .header("msgtrans-error", error.toString());
        return link.send(letter).doOnSuccess(done -> dead.increment());
    }

    /** Stops handling behind what is under way, also across rebalances, until {@link #resume}. The consumer stays in its group. */
    public void pause() {
        paused.set(true);
    }

    /** Goes on. */
    public void resume() {
        paused.set(false);
    }

    /**
     * Completes when the brokers answer in time; fails with {@link io.msgtrans.reactive.BrokerUnavailableException} otherwise. For
     * health checks.
     */
    public Mono<Void> ping(Duration limit) {
        return link.ping(limit);
    }

    /** What it did so far. */
    public KafkaStats stats() {
        return new KafkaStats(received.sum(), handled.sum(), dead.sum(), retried.sum(), repeated.sum(), underWay.get());
    }

    /** Ends; what is not committed comes again to whoever is next. */
    @Override
    public void dispose() {
        if (!receiving.isDisposed()) {
            receiving.dispose();
            scheduler.dispose();
            if (ownsLink) {
                var unused = link.close()
                        .subscribe(nothing -> {}, error -> log.warn("the producer was not closed in order", error));
            }
        }
    }

    @Override
    public boolean isDisposed() {
        return receiving.isDisposed();
    }
}
