package io.msgtrans.reactive.samples.soak;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.delivery.AcknowledgedSender;
import io.msgtrans.reactive.delivery.DeliveryOptions;
import io.msgtrans.reactive.delivery.DeliveryStats;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * What goes over one link: requests, packets with acknowledgement and streams over a session that reconnects, and bursts of one-way
 * packets, each over a session of its own which is asked at its end how many came. Whatever fails without a typed error, and whatever does
 * not end, is a violation.
 */
final class SoakLoad {

    private static final Duration TICK = Duration.ofMillis(10);
    private static final long TICKS_PER_SECOND = 100;
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    /** Longer than any deadline of a session: behind it, something hangs. */
    private static final Duration HANGS = Duration.ofMinutes(1);

    private static final int STREAM_ITEMS = 500;
    private static final int UNDER_WAY = 65_536;

    private final int number;
    private final SoakLink link;
    private final TransportClient client;
    private final Violations violations;
    private final ReconnectingSession connection;
    private final AcknowledgedSender sender;
    private final AtomicLong numbers = new AtomicLong();
    private final List<Mono<Void>> running = new ArrayList<>();
    private final Sinks.Empty<Void> stopped = Sinks.empty();
    private final Sinks.Empty<Void> ended = Sinks.empty();
    private final Recorder calmNanos = new Recorder(TimeUnit.MINUTES.toNanos(1), 3);

    private final LongAdder asked = new LongAdder();
    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder bursts = new LongAdder();
    private final LongAdder burstsLost = new LongAdder();
    private final LongAdder burstPackets = new LongAdder();
    private final LongAdder streams = new LongAdder();
    private final LongAdder streamsFailed = new LongAdder();

    SoakLoad(int number, SoakLink link, Path trust, Violations violations) {
        this.number = number;
        this.link = link;
        this.violations = violations;
        boolean secure = link.name().matches("tcps|wss|quic");
        this.client = TransportClient.create(link.uri())
                .endpoint(options -> (secure ? options.trust(trust) : options)
                        .extensions(Extensions.ON)
                        .connectTimeout(TIMEOUT))
                .session(options -> options.requestTimeout(TIMEOUT)
                        .closeTimeout(SECOND)
                        .heartbeat(HeartbeatOptions.DEFAULTS.interval(SECOND)));
        this.connection = ReconnectingSession.of(
                client,
                ReconnectOptions.DEFAULTS
                        .minBackoff(Duration.ofMillis(50))
                        .maxBackoff(SECOND)
                        .attempts(Integer.MAX_VALUE));
        connection.receive().subscribe(broadcast -> {}, gone -> {});
        this.sender = AcknowledgedSender.of(connection, DeliveryOptions.DEFAULTS.window(UNDER_WAY, 64L << 20));
    }

    /** The figures of one load. */
    record Counts(
            String link,
            long asked,
            long answered,
            long failed,
            DeliveryStats delivery,
            long bursts,
            long burstsLost,
            long burstPackets,
            long streams,
            long streamsFailed) {

        /** Packets and items that went through, both ways. */
        long packets() {
            return 2 * answered + 2 * delivery.acknowledged() + burstPackets + streams * STREAM_ITEMS;
        }
    }

    Counts counts() {
        return new Counts(
                link.name(),
                asked.sum(),
                answered.sum(),
                failed.sum(),
                sender.stats(),
                bursts.sum(),
                burstsLost.sum(),
                burstPackets.sum(),
                streams.sum(),
                streamsFailed.sum());
    }

    /** Round trips since the last call, of requests that met no fault. */
    Histogram takeRoundTrips() {
        return calmNanos.getIntervalHistogram();
    }

    /** Begins with so many packets per second of each kind. */
    void begin(int perSecond) {
        int perTick = (int) Math.max(1, perSecond / TICKS_PER_SECOND);
        running.add(each(TICK)
                .concatMapIterable(tick -> Collections.nCopies(perTick, tick))
                .flatMap(tick -> ask(), UNDER_WAY)
                .then());
        running.add(each(TICK)
                .concatMapIterable(tick -> Collections.nCopies(perTick, tick))
                .flatMap(tick -> deliver(), UNDER_WAY)
                .then());
        running.add(each(SECOND).concatMap(tick -> burst(perSecond)).then());
        running.add(each(SECOND).concatMap(tick -> stream()).then());
        Mono.when(running).subscribe(nothing -> {}, ended::tryEmitError, ended::tryEmitEmpty);
    }

    private Flux<Long> each(Duration time) {
        return Flux.interval(time).onBackpressureDrop().takeUntilOther(stopped.asMono());
    }

    private Mono<Void> ask() {
        return Mono.defer(() -> {
            asked.increment();
            long startNanos = System.nanoTime();
            boolean calm = link.isCalm();
            return watched(
                    "a request",
                    connection.request(Packet.builder(PacketType.REQUEST)
                            .bizType(SoakServer.ECHO)
                            .payload(Numbered.payload(startNanos & Integer.MAX_VALUE))
                            .build()),
                    answer -> {
                        answered.increment();
                        if (calm && link.isCalm()) {
                            calmNanos.recordValue(
                                    Math.min(System.nanoTime() - startNanos, TimeUnit.MINUTES.toNanos(1)));
                        }
                        return Numbered.is(answer, startNanos & Integer.MAX_VALUE);
                    },
                    failed);
        });
    }

    private Mono<Void> deliver() {
        return sender.send(Packet.builder(PacketType.REQUEST)
                        .bizType(number)
                        .payload(Numbered.payload(numbers.getAndIncrement()))
                        .build())
                .onErrorResume(error -> {
                    violations.add(link.name() + ": a packet with acknowledgement was given up: " + error);
                    return Mono.empty();
                });
    }

    /** The peer must have all when it answers; otherwise the answer must be an error. */
    private Mono<Void> burst(int packets) {
        Flux<Packet> all = Flux.range(0, packets)
                .map(i -> Packet.builder(PacketType.ONE_WAY)
                        .bizType(SoakServer.NUMBERED)
                        .payload(Numbered.payload(i))
                        .build());
        Packet count =
                Packet.builder(PacketType.REQUEST).bizType(SoakServer.COUNT).build();
        bursts.increment();
        return watched(
                "a burst",
                Mono.usingWhen(
                        client.connect(),
                        session -> {
                            session.receive().subscribe(broadcast -> {}, lost -> {});
                            return session.send(all).then(session.request(count));
                        },
                        Session::close),
                answer -> {
                    burstPackets.add(packets);
                    return answer.payloadText().equals(Integer.toString(packets));
                },
                burstsLost);
    }

    private Mono<Void> stream() {
        streams.increment();
        return watched(
                "a stream",
                connection
                        .session()
                        .flatMapMany(session -> session.requestStream(Packet.request(Integer.toString(STREAM_ITEMS))))
                        .reduce(0L, (next, item) -> Numbered.is(item, next) ? next + 1 : next),
                right -> right == STREAM_ITEMS,
                streamsFailed);
    }

    private <T> Mono<Void> watched(String what, Mono<T> call, Predicate<T> isRight, LongAdder failures) {
        return call.timeout(HANGS, Mono.error(() -> new IllegalStateException("it hangs")))
                .doOnNext(answer -> {
                    if (!isRight.test(answer)) {
                        violations.add(link.name() + ": " + what + " got a wrong answer: " + answer);
                    }
                })
                .onErrorResume(error -> {
                    failures.increment();
                    if (!(error instanceof TransportException)) {
                        violations.add(link.name() + ": " + what + " failed without a typed error: " + error);
                    }
                    return Mono.empty();
                })
                .then();
    }

    /** Ends the load, and waits for what is under way. */
    void end(Duration limit) {
        stopped.tryEmitEmpty();
        ended.asMono()
                .then(sender.flush(limit))
                .timeout(limit)
                .onErrorResume(error -> {
                    violations.add(link.name() + ": still under way " + limit + " behind the last fault: " + counts());
                    return Mono.empty();
                })
                .block();
        connection.dispose();
    }
}
