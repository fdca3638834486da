package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.AttemptsFailedException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.balance.Balancer;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Requests over a balancer, so many at one time, while servers come and go; shows every second what happened. */
final class BalancedLoad {

    private final Balancer balancer;
    private final int payload;
    private final int concurrency;
    private final PrintWriter err;
    private final Histogram times = new ConcurrentHistogram(3);
    private final LongAdder answered = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();
    private final AtomicLong number = new AtomicLong();
    private volatile boolean measuring;

    BalancedLoad(Balancer balancer, int payload, int concurrency, PrintWriter err) {
        this.balancer = balancer;
        this.payload = payload;
        this.concurrency = concurrency;
        this.err = err;
    }

    /** Runs it and gives the line that sums it up; whether no call failed is {@link #isClean}. */
    String run(Duration warmup, Duration measured) {
        balancer.events().subscribe(event -> err.println(BalanceOptions.line(event)));
        Disposable load = Flux.range(0, concurrency)
                .flatMap(caller -> Mono.defer(this::call).repeat(), concurrency)
                .subscribe();
        if (!warmup.isZero()) {
            Mono.delay(warmup).block();
        }
        measuring = true;
        long start = System.nanoTime();
        long before = 0;
        for (long second = 1; second <= measured.toSeconds(); second++) {
            Mono.delay(Duration.ofSeconds(1)).block();
            long now = answered.sum();
            err.printf(Locale.ROOT, "%3d s  %,10d answers  %,d failed%n", second, now - before, failed.sum());
            err.flush();
            before = now;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        measuring = false;
        load.dispose();
        errors.forEach((error, count) -> err.println(count + " x " + error));
        BalanceOptions.report(balancer, err);
        return String.format(
                Locale.ROOT,
                "balanced  %,d answers in %.2f s  %,.0f /s  failed %,d%nround trip, µs: p50 %.1f  p99 %.1f  p99.9 %.1f  max %.1f",
                answered.sum(),
                seconds,
                answered.sum() / seconds,
                failed.sum(),
                times.getValueAtPercentile(50) / 1e3,
                times.getValueAtPercentile(99) / 1e3,
                times.getValueAtPercentile(99.9) / 1e3,
                times.getMaxValue() / 1e3);
    }

    boolean isClean() {
        return failed.sum() == 0 && answered.sum() > 0;
    }

    /** Without what differs from call to call, so that there are few. */
    private static String kind(Throwable error) {
        Throwable cause = error instanceof AttemptsFailedException ? error.getCause() : error;
        return error.getClass().getSimpleName()
                + (cause == null || cause == error
                        ? ""
                        : ", the last by " + cause.getClass().getSimpleName());
    }

    private Mono<Void> call() {
        long start = System.nanoTime();
        byte[] bytes = new byte[payload];
        byte[] digits = Long.toString(number.incrementAndGet()).getBytes(StandardCharsets.UTF_8);
        System.arraycopy(digits, 0, bytes, 0, Math.min(digits.length, payload));
        return balancer.requestIdempotent(Packet.request(bytes))
                .doOnNext(answer -> {
                    if (measuring) {
                        answered.increment();
                        times.recordValue(System.nanoTime() - start);
                    }
                })
                .then()
                .onErrorResume(error -> {
                    if (measuring) {
                        failed.increment();
                        errors.computeIfAbsent(kind(error), key -> new LongAdder())
                                .increment();
                    }
                    return Mono.empty();
                });
    }
}
