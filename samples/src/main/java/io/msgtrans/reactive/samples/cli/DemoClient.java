package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The clients of one transport: one that streams and gets everything back, one that asks and waits for answers. */
final class DemoClient {

    static final String HEADING = String.format(
            "%-8s %14s %10s %14s %12s %12s %8s", "", "echoes/s", "MB/s", "requests/s", "p50 µs", "p99 µs", "errors");

    private static final int PAYLOAD_BYTES = 64;
    private static final int CONCURRENT_REQUESTS = 4;

    private final String scheme;
    private final Session stream;
    private final Session asking;
    private final AtomicLong echoes = new AtomicLong();
    private final AtomicLong answers = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final Recorder roundTrips = new Recorder(60_000_000_000L, 3);
    private final Disposable.Composite running = Disposables.composite();
    private volatile boolean closing;
    private long lastEchoes;
    private long lastAnswers;
    private long lastNanos = System.nanoTime();

    DemoClient(URI uri, DemoCertificate certificate) {
        scheme = uri.getScheme();
        TransportClient client = TransportClient.create(uri.toString())
                .endpoint(options ->
                        TlsOptions.isNeededFor(uri.toString()) ? options.trust(certificate.chain()) : options);
        stream = client.connectNow();
        asking = client.connectNow();
        byte[] payload = new byte[PAYLOAD_BYTES];
        running.add(stream.receive().subscribe(packet -> echoes.lazySet(echoes.getPlain() + 1), this::failed));
        running.add(stream.send(Flux.generate(sink -> sink.next(Packet.oneWay(payload))))
                .subscribe(nothing -> {}, this::failed));
        running.add(Flux.range(0, CONCURRENT_REQUESTS)
                .flatMap(i -> ask(payload).repeat())
                .subscribe(nothing -> {}, this::failed));
    }

    private Mono<Packet> ask(byte[] payload) {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return asking.request(Packet.request(payload)).doOnNext(answer -> {
                answers.incrementAndGet();
                roundTrips.recordValue(System.nanoTime() - start);
            });
        });
    }

    private void failed(Throwable error) {
        if (!closing) {
            errors.incrementAndGet();
        }
    }

    /** The figures since the last call. */
    String line() {
        long nowNanos = System.nanoTime();
        double seconds = (nowNanos - lastNanos) / 1e9;
        long echoesNow = echoes.get();
        long answersNow = answers.get();
        Histogram latency = roundTrips.getIntervalHistogram();
        double echoRate = (echoesNow - lastEchoes) / seconds;
        String line = String.format(
                Locale.ROOT,
                "%-8s %,14.0f %10.1f %,14.0f %12.1f %12.1f %8d",
                scheme,
                echoRate,
                echoRate * PAYLOAD_BYTES / 1e6,
                (answersNow - lastAnswers) / seconds,
                latency.getValueAtPercentile(50) / 1e3,
                latency.getValueAtPercentile(99) / 1e3,
                errors.get());
        lastNanos = nowNanos;
        lastEchoes = echoesNow;
        lastAnswers = answersNow;
        return line;
    }

    long errors() {
        return errors.get();
    }

    void close() {
        closing = true;
        running.dispose();
        stream.close().timeout(Duration.ofSeconds(2)).onErrorComplete().block(Duration.ofSeconds(3));
        asking.close().timeout(Duration.ofSeconds(2)).onErrorComplete().block(Duration.ofSeconds(3));
    }
}
