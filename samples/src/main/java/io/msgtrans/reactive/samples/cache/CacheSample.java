package io.msgtrans.reactive.samples.cache;

import io.msgtrans.reactive.samples.process.ServerProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Three nodes in processes of their own under load, one of which is killed and comes back; then every key is looked at. */
public final class CacheSample {

    private static final int NODES = 3;
    private static final int KEYS = 10_000;
    private static final int CONCURRENT = 256;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final int seconds;
    private final PrintWriter out;
    /** The last value that was acknowledged, by key; written by one caller at a time for each key. */
    private final Map<String, Long> written = new ConcurrentHashMap<>();

    private final LongAdder gets = new LongAdder();
    private final LongAdder sets = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder stale = new LongAdder();

    public CacheSample(int seconds, PrintWriter out) {
        this.seconds = seconds;
        this.out = out;
    }

    /** Runs it; whether no call failed and nothing that was acknowledged is missing. */
    public boolean run() throws IOException, InterruptedException {
        List<String> uris = new ArrayList<>();
        for (int i = 0; i < NODES; i++) {
            uris.add("tcp://127.0.0.1:" + freePort());
        }
        ServerProcess[] nodes = new ServerProcess[NODES];
        CacheClient client = CacheClient.of(uris);
        try {
            for (int i = 0; i < NODES; i++) {
                nodes[i] = start(i, uris);
            }
            Map<String, byte[]> first = new HashMap<>();
            for (int i = 0; i < KEYS; i++) {
                first.put("key-" + i, bytes(0));
                written.put("key-" + i, 0L);
            }
            out.println("batch set: "
                    + client.setAll(first).retry(10).block(LIMIT) + " keys on one stream, three nodes, "
                    + String.join(" ", uris));
            Disposable load = load(client);
            out.println(" second      gets/s      sets/s  errors");
            long shownNanos = System.nanoTime();
            for (int second = 1; second <= seconds; second++) {
                if (second == seconds / 3 + 1) {
                    nodes[1].kill();
                    out.println("         node 2 was killed (kill -9)");
                }
                if (second == 2 * seconds / 3 + 1) {
                    nodes[1] = start(1, uris);
                    out.println("         node 2 is started again");
                }
                Mono.delay(Duration.ofSeconds(1)).block();
                double past = (System.nanoTime() - shownNanos) / 1e9; // more than a second when a node was started
                shownNanos = System.nanoTime();
                out.printf(
                        Locale.ROOT,
                        "%7d %,11.0f %,11.0f %7d%n",
                        second,
                        gets.sumThenReset() / past,
                        sets.sumThenReset() / past,
                        errors.sum());
                out.flush();
            }
            load.dispose();
            long missing = missing(client);
            out.println(KEYS + " keys looked at: " + missing + " lost or older than what was acknowledged; "
                    + errors.sum() + " calls failed; " + stale.sum() + " gets older than a write before them");
            return errors.sum() == 0 && missing == 0;
        } finally {
            client.dispose();
            for (ServerProcess node : nodes) {
                if (node != null) {
                    node.close();
                }
            }
        }
    }

    private static ServerProcess start(int number, List<String> uris) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(
                List.of("sample", "cache", "--node", Integer.toString(number), "--listen", uris.get(number)));
        for (int i = 0; i < uris.size(); i++) {
            if (i != number) {
                arguments.add("--peer");
                arguments.add(uris.get(i));
            }
        }
        return ServerProcess.start(arguments.toArray(String[]::new));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static byte[] bytes(long number) {
        return Long.toString(number).getBytes(StandardCharsets.UTF_8);
    }

    /** One set for three gets, each caller with keys of its own. */
    private Disposable load(CacheClient client) {
        return Flux.range(0, CONCURRENT)
                .flatMap(caller -> Mono.defer(() -> call(client, caller)).repeat(), CONCURRENT)
                .subscribe();
    }

    private Mono<Void> call(CacheClient client, int caller) {
        int key = ThreadLocalRandom.current().nextInt(KEYS / CONCURRENT) * CONCURRENT + caller;
        String name = "key-" + key;
        Mono<Void> call;
        if (ThreadLocalRandom.current().nextInt(4) == 0) {
            long next = written.getOrDefault(name, 0L) + 1;
            call = client.set(name, bytes(next)).doOnSuccess(done -> {
                written.put(name, next);
                sets.increment();
            });
        } else {
            call = client.get(name)
                    .doOnNext(value -> {
                        gets.increment();
                        if (number(value) < written.getOrDefault(name, 0L)) {
                            stale.increment();
                        }
                    })
                    .then();
        }
        return call.onErrorResume(error -> {
            errors.increment();
            out.println("a call failed: " + error.getMessage());
            return Mono.empty();
        });
    }

    private static long number(byte[] value) {
        return Long.parseLong(new String(value, StandardCharsets.UTF_8));
    }

    private long missing(CacheClient client) {
        Long missing = Flux.fromIterable(written.entrySet())
                .flatMap(
                        entry -> client.get(entry.getKey())
                                .map(CacheSample::number)
                                .defaultIfEmpty(-1L)
                                .filter(value -> value < entry.getValue()),
                        CONCURRENT)
                .count()
                .block(LIMIT);
        return missing == null ? KEYS : missing;
    }
}
