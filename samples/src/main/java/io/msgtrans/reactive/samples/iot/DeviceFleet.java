package io.msgtrans.reactive.samples.iot;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Simulated devices. Each has its session, or shares one with others behind the same field gateway. Devices report in turn, so that the
 * load is even; one that still waits for the answer to its last report is passed over, as it would measure into its own memory.
 */
public final class DeviceFleet implements Disposable {

    private static final Duration STEP = Duration.ofMillis(20);
    private static final int CONNECTING = 64;
    private static final Duration CONNECT = Duration.ofMinutes(2);
    private static final double USUAL_CELSIUS = 40;
    private static final double HOT_CELSIUS = 95;

    private final List<Session> sessions;
    private final int devices;
    private final int readingsPerReport;
    private final AtomicIntegerArray waiting;
    private final LongAdder acknowledged = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder skipped = new LongAdder();
    private Disposable reporting = () -> {};

    private DeviceFleet(List<Session> sessions, int devices, int readingsPerReport) {
        this.sessions = sessions;
        this.devices = devices;
        this.readingsPerReport = readingsPerReport;
        this.waiting = new AtomicIntegerArray(devices);
    }

    /** Connects so many devices over so many sessions. */
    public static Mono<DeviceFleet> connect(String uri, int devices, int sessions, int readingsPerReport) {
        TransportClient client = TransportClient.create(uri)
                .endpoint(options ->
                        options.connectTimeout(Duration.ofSeconds(30)).extensions(Extensions.ON));
        return Flux.range(0, sessions)
                .flatMap(i -> client.connect(), CONNECTING)
                .collectList()
                .timeout(CONNECT)
                .map(open -> new DeviceFleet(new ArrayList<>(open), devices, readingsPerReport));
    }

    /** From now on each device reports once in that time. One device in a thousand runs hot. */
    public void report(Duration every) {
        double perStep = (double) devices * STEP.toMillis() / every.toMillis();
        double[] due = {0};
        int[] next = {0};
        reporting = Flux.interval(STEP).onBackpressureDrop().subscribe(tick -> {
            for (due[0] += perStep; due[0] >= 1; due[0]--) {
                report(next[0]);
                next[0] = (next[0] + 1) % devices;
            }
        });
    }

    private void report(int device) {
        if (!waiting.compareAndSet(device, 0, 1)) {
            skipped.increment();
            return;
        }
        sessions.get(device % sessions.size())
                .request(measured(device).toRequest())
                .doFinally(signal -> waiting.set(device, 0))
                .subscribe(answer -> acknowledged.add(readingsPerReport), error -> failed.add(readingsPerReport));
    }

    private Report measured(int device) {
        SplittableRandom random = new SplittableRandom(device * 31L + System.nanoTime());
        double celsius = device % 1000 == 999 ? HOT_CELSIUS : USUAL_CELSIUS;
        long now = System.currentTimeMillis();
        List<Reading> readings = new ArrayList<>(readingsPerReport);
        for (int i = 0; i < readingsPerReport; i++) {
            readings.add(new Reading(
                    device,
                    now - (readingsPerReport - i) * 100L,
                    Math.round((celsius + random.nextDouble()) * 10) / 10f,
                    3.7f));
        }
        return new Report(device, readings);
    }

    /** Readings that were answered: they are stored. */
    public long acknowledged() {
        return acknowledged.sum();
    }

    /** Readings whose report failed. */
    public long failed() {
        return failed.sum();
    }

    /** Reports that a device did not make because its last one was not answered yet. */
    public long skipped() {
        return skipped.sum();
    }

    /** No more reports. */
    public void stop() {
        reporting.dispose();
    }

    /** Ends the sessions behind their last answers. */
    @Override
    public void dispose() {
        stop();
        Flux.fromIterable(sessions).flatMap(Session::drain, 256).blockLast(Duration.ofMinutes(1));
    }
}
