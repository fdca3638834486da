package io.msgtrans.reactive.samples.cache;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.samples.process.ServerProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Many clients, each a session of its own, that read and write one node in another process: how many operations, and how late. */
public final class CacheLoad {

    private static final int KEYS = 10_000;
    private static final int CONNECTING = 64;
    private static final int GETS_TO_A_SET = 3;
    private static final byte[] VALUE = "a value of thirty-two characters".getBytes(StandardCharsets.US_ASCII);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final int clients;
    private final int inFlight;
    private final int seconds;
    private final PrintWriter out;

    private final LongAdder gets = new LongAdder();
    private final LongAdder sets = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final Recorder times = new Recorder(3);

    /** @param inFlight operations under way on each session */
    public CacheLoad(int clients, int inFlight, int seconds, PrintWriter out) {
        this.clients = clients;
        this.inFlight = inFlight;
        this.seconds = seconds;
        this.out = out;
    }

    /** Runs it; whether every operation was answered with what was asked for. */
    public boolean run() throws IOException, InterruptedException {
        Disposable.Composite load = Disposables.composite();
        try (ServerProcess node =
                ServerProcess.start("sample", "cache", "--node", "0", "--listen", "tcp://127.0.0.1:0")) {
            TransportClient client = TransportClient.create(node.uri().toString());
            List<Session> sessions = Objects.requireNonNull(Flux.range(0, clients)
                    .flatMap(i -> client.connect(), CONNECTING)
                    .collectList()
                    .block(LIMIT));
            Flux.range(0, KEYS)
                    .flatMap(key -> sessions.get(0).request(CacheProtocol.set("key-" + key, VALUE)))
                    .blockLast(LIMIT);
            out.printf(
                    Locale.ROOT,
                    "%,d clients with %d operations under way each, one set to %d gets, at %s%n",
                    clients,
                    inFlight,
                    GETS_TO_A_SET,
                    node.uri());
            out.println(" second      gets/s      sets/s   p50 ms   p99 ms  errors");
            for (Session session : sessions) {
                load.add(Flux.range(0, inFlight)
                        .flatMap(
                                caller -> Mono.defer(() -> operation(session)).repeat(() -> !load.isDisposed()),
                                inFlight)
                        .subscribe());
            }
            long shownNanos = System.nanoTime();
            for (int second = 1; second <= seconds; second++) {
                Mono.delay(Duration.ofSeconds(1)).block();
                double past = (System.nanoTime() - shownNanos) / 1e9;
                shownNanos = System.nanoTime();
                Histogram interval = times.getIntervalHistogram();
                out.printf(
                        Locale.ROOT,
                        "%7d %,11.0f %,11.0f %8.2f %8.2f %7d%n",
                        second,
                        gets.sumThenReset() / past,
                        sets.sumThenReset() / past,
                        interval.getValueAtPercentile(50) / 1e6,
                        interval.getValueAtPercentile(99) / 1e6,
                        errors.sum());
                out.flush();
            }
            long failed = errors.sum(); // those that the end cuts off are not counted
            load.dispose();
            sessions.forEach(Session::dispose);
            return failed == 0;
        }
    }

    private Mono<Void> operation(Session session) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String key = "key-" + random.nextInt(KEYS);
        boolean write = random.nextInt(GETS_TO_A_SET + 1) == 0;
        Packet request = write ? CacheProtocol.set(key, VALUE) : CacheProtocol.get(key);
        long begin = System.nanoTime();
        return session.request(request)
                .doOnNext(answer -> {
                    times.recordValue(System.nanoTime() - begin);
                    (write ? sets : gets).increment();
                    if (answer.payloadLength() != (write ? 0 : VALUE.length)) {
                        errors.increment();
                    }
                })
                .then()
                .onErrorResume(error -> {
                    errors.increment();
                    return Mono.empty();
                });
    }
}
