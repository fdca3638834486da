package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import reactor.core.publisher.Flux;

/** One run of {@code bench}: opens the sessions, keeps the load up, measures a window of it. */
final class BenchRun {

    private static final Duration COUNT_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration STALL = Duration.ofSeconds(5);
    /** Of all sessions together. */
    private static final int MAX_PACED_IN_FLIGHT = 1 << 16;

    private final BenchSettings settings;
    private final TransportClient client;
    private final PrintWriter progress;
    private final byte[] payload;
    private final List<Session> sessions = new ArrayList<>();
    private final List<EchoLane> lanes = new ArrayList<>();
    private final CompletableFuture<Void> broken = new CompletableFuture<>();

    BenchRun(BenchSettings settings, TransportClient client, PrintWriter progress) {
        this.settings = settings;
        this.client = client;
        this.progress = progress;
        this.payload = new byte[settings.payload()];
    }

    BenchResult run() throws InterruptedException {
        try {
            for (int i = 0; i < settings.connections(); i++) {
                sessions.add(client.connectNow());
            }
            return switch (settings.workload()) {
                case ONEWAY -> runOneWay();
                case ECHO, PINGPONG -> runEcho();
                case STREAM, CHANNEL -> runStreams();
                case BROADCAST -> runBroadcast();
            };
        } finally {
            sessions.forEach(Session::dispose);
        }
    }

    private BenchResult runOneWay() throws InterruptedException {
        counts(); // before the load: a server that does not count is told at once
        for (Session session : sessions) {
            session.send(Flux.generate(sink -> sink.next(Packet.oneWay(payload))))
                    .subscribe(nothing -> {}, broken::completeExceptionally);
        }
        pass(settings.warmup(), "warm-up", this::sentPackets);
        long[] before = counts();
        long startNanos = System.nanoTime();
        pass(settings.duration(), "sent", this::sentPackets);
        long[] after = counts();
        long endNanos = System.nanoTime();
        long messages = 0;
        for (int i = 0; i < after.length; i++) {
            messages += after[i] - before[i];
        }
        return new BenchResult(settings, (endNanos - startNanos) / 1e9, messages, new Histogram(3), 0);
    }

    private long sentPackets() {
        return sessions.stream()
                .mapToLong(session -> session.stats().packetsSent())
                .sum();
    }

    /** Asks the server's sink how many packets of each session it has received. */
    private long[] counts() {
        List<Long> counts = Flux.fromIterable(sessions)
                .flatMapSequential(
                        session -> session.request(Packet.request(new byte[0]), COUNT_TIMEOUT), sessions.size())
                .map(BenchRun::count)
                .collectList()
                .blockOptional(COUNT_TIMEOUT.plusSeconds(1))
                .orElseThrow();
        return counts.stream().mapToLong(Long::longValue).toArray();
    }

    private static long count(Packet answer) {
        try {
            return Long.parseLong(answer.payloadText());
        } catch (NumberFormatException noCount) {
            throw new IllegalStateException(
                    "the server does not count what it receives: oneway needs 'serve --mode sink'", noCount);
        }
    }

    private BenchResult runStreams() throws InterruptedException {
        LongAdder items = new LongAdder();
        LongAdder errors = new LongAdder();
        Flux<Packet> endless = Flux.generate(sink -> sink.next(Packet.oneWay(payload)));
        for (Session session : sessions) {
            for (int i = 0; i < settings.window(); i++) {
                Flux<Packet> stream = settings.workload() == BenchSettings.Workload.STREAM
                        ? session.requestStream(Packet.request(payload))
                        : session.channel(endless);
                stream.subscribe(
                        item -> (item.payloadLength() == payload.length ? items : errors).increment(),
                        broken::completeExceptionally,
                        this::endedEarly);
            }
        }
        pass(settings.warmup(), "warm-up", items::sum);
        long before = items.sum();
        long startNanos = System.nanoTime();
        pass(settings.duration(), "received", items::sum);
        long messages = items.sum() - before;
        return new BenchResult(
                settings, (System.nanoTime() - startNanos) / 1e9, messages, new Histogram(3), errors.sum());
    }

    private BenchResult runEcho() throws InterruptedException {
        int window = settings.workload() == BenchSettings.Workload.PINGPONG ? 1 : settings.window();
        boolean paced = settings.rate() > 0;
        double intervalNanos = 1e9 / settings.rate();
        long firstNanos = System.nanoTime();
        for (Session session : sessions) {
            long startNanos = firstNanos + (long) (lanes.size() * intervalNanos);
            EchoLane lane = new EchoLane(session, payload, paced ? MAX_PACED_IN_FLIGHT / sessions.size() : window);
            lanes.add(lane);
            (paced ? lane.runPaced(startNanos, sessions.size() * intervalNanos) : lane.runWindow(window))
                    .subscribe(nothing -> {}, broken::completeExceptionally, this::endedEarly);
        }
        pass(settings.warmup(), "warm-up", this::answered);
        lanes.forEach(lane -> lane.measure(true));
        long startNanos = System.nanoTime();
        pass(settings.duration(), "answered", this::answered);
        lanes.forEach(lane -> lane.measure(false));
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        for (Session session : sessions) {
            session.dispose();
            session.onClose().block(Duration.ofSeconds(5));
        }
        Histogram all = new Histogram(60_000_000_000L, 3);
        long errors = 0;
        for (EchoLane lane : lanes) {
            all.add(lane.histogram());
            errors += lane.errors();
        }
        return new BenchResult(settings, seconds, all.getTotalCount(), all, errors);
    }

    /** All sessions but some count what the server sends to all of them; the first one asks for it. */
    private BenchResult runBroadcast() throws InterruptedException {
        LongAdder deliveries = new LongAdder();
        ConcurrentHistogram latency = new ConcurrentHistogram(60_000_000_000L, 3);
        // By an index and no condition: see EchoLane.
        ConcurrentHistogram[] times = {new ConcurrentHistogram(60_000_000_000L, 3), latency};
        AtomicInteger measuring = new AtomicInteger();
        int reading = sessions.size() - sessions.size() * settings.notReading() / 100;
        for (Session session : sessions.subList(0, reading)) {
            session.receive()
                    .subscribe(
                            packet -> {
                                deliveries.increment();
                                long sentNanos = packet.payloadBuffer().getLong();
                                times[measuring.get()].recordValue(Math.max(0, System.nanoTime() - sentNanos));
                            },
                            broken::completeExceptionally,
                            this::endedEarly);
        }
        Duration whole = settings.warmup().plus(settings.duration()).plusSeconds(1);
        sessions.get(0)
                .request(
                        BroadcastLoad.request(settings.rate(), settings.payload(), whole.toMillis()),
                        whole.plus(COUNT_TIMEOUT))
                .subscribe(
                        answer -> {
                            progress.println("server: " + answer.payloadText());
                            progress.flush();
                        },
                        broken::completeExceptionally);
        pass(settings.warmup(), "warm-up", deliveries::sum);
        long before = deliveries.sum();
        long startNanos = System.nanoTime();
        measuring.set(1);
        pass(settings.duration(), "delivered", deliveries::sum);
        measuring.set(0);
        long messages = deliveries.sum() - before;
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        pass(Duration.ofMillis(1500), "delivered", deliveries::sum);
        return new BenchResult(settings, seconds, messages, latency, 0);
    }

    private void endedEarly() {
        broken.completeExceptionally(new IllegalStateException("the server closed a session during the run"));
    }

    private long answered() {
        return lanes.stream().mapToLong(EchoLane::received).sum();
    }

    /** Lets a time pass, with a line each second, or fails with what broke the load. */
    private void pass(Duration time, String what, LongSupplier count) throws InterruptedException {
        long endNanos = System.nanoTime() + time.toNanos();
        long last = count.getAsLong();
        long movedNanos = System.nanoTime();
        for (long left = time.toNanos(); left > 0; left = endNanos - System.nanoTime()) {
            try {
                broken.get(Math.min(left, TimeUnit.SECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
            } catch (TimeoutException stillRunning) {
                long now = count.getAsLong();
                progress.printf(Locale.ROOT, "%s %,d (%,d in the last step)%n", what, now, now - last);
                progress.flush();
                if (now != last) {
                    movedNanos = System.nanoTime();
                } else if (System.nanoTime() - movedNanos > STALL.toNanos()) {
                    throw new IllegalStateException(
                            "nothing moved for " + STALL.toSeconds() + " s: the server stands still or is gone");
                }
                last = now;
            } catch (ExecutionException failed) {
                throw failed.getCause() instanceof RuntimeException cause
                        ? cause
                        : new IllegalStateException(failed.getCause());
            }
        }
    }
}
