package io.msgtrans.reactive.lossy;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/** A transfer without end, and a small request every few milliseconds whose time counts from when it was due. */
final class MixedTraffic {

    private static final int TRANSFER_BYTES = 256 * 1024;
    private static final Duration PACE = Duration.ofMillis(5);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final byte[] SMALL = new byte[64];

    private final Session session;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Mono<Void> transfer;
    private final LongAdder failed = new LongAdder();
    private Recorder recorder = new Recorder(3);
    private long sent;

    MixedTraffic(Session session) {
        this.session = session;
        byte[] payload = new byte[TRANSFER_BYTES];
        this.transfer =
                session.lane(0).send(Flux.generate(sink -> next(sink, payload))).cache();
        transfer.subscribe(nothing -> {}, error -> failed.increment());
    }

    private void next(SynchronousSink<Packet> sink, byte[] payload) {
        if (stopped.get()) {
            sink.complete();
        } else {
            sent++;
            sink.next(Packet.oneWay(payload));
        }
    }

    /** Keeps asking for so long, and waits for the last answers. */
    void run(Duration duration) {
        long startNanos = System.nanoTime();
        Flux.interval(PACE)
                .take(duration.dividedBy(PACE))
                .onBackpressureBuffer()
                .flatMap(tick -> ask(startNanos + (tick + 1) * PACE.toNanos()), 4096)
                .blockLast(duration.plus(LIMIT));
    }

    private Mono<Void> ask(long dueNanos) {
        Packet request = Packet.builder(PacketType.REQUEST)
                .flags(Packet.FLAG_HIGH_PRIORITY)
                .payload(SMALL)
                .build();
        return session.request(request, LIMIT)
                .doOnNext(answer -> recorder.recordValue(System.nanoTime() - dueNanos))
                .doOnError(error -> failed.increment())
                .onErrorComplete()
                .then();
    }

    /** Forgets what was measured. */
    void startOver() {
        recorder = new Recorder(3);
    }

    Histogram roundTrips() {
        return recorder.getIntervalHistogram();
    }

    /** Requests without an answer, and 1 for a transfer that broke. */
    long failed() {
        return failed.sum();
    }

    /** Ends the transfer; gives how many packets it had. */
    long stop() {
        stopped.set(true);
        transfer.block(LIMIT);
        return sent;
    }
}
