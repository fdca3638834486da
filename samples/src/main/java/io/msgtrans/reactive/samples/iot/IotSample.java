package io.msgtrans.reactive.samples.iot;

import com.sun.management.UnixOperatingSystemMXBean;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/** Runs a collector and devices in one process, and checks that what was answered is in the table. */
public final class IotSample {

    private static final float HOT_CELSIUS = 80;
    private static final int READINGS_PER_REPORT = 10;
    private static final int SHOWN_ALERTS = 5;
    /** Files that the process needs besides two for each session. */
    private static final long OTHER_FILES = 500;

    private final int devices;
    private final Duration every;
    private final Duration duration;
    private final @Nullable String kafkaBrokers;
    private final PrintWriter out;

    /** @param every how often a device reports */
    public IotSample(int devices, Duration every, Duration duration, @Nullable String kafkaBrokers, PrintWriter out) {
        this.devices = devices;
        this.every = every;
        this.duration = duration;
        this.kafkaBrokers = kafkaBrokers;
        this.out = out;
    }

    /** True when all that was answered is stored, and nothing failed. */
    public boolean run() {
        int sessions = Math.min(devices, sessionLimit());
        Collector collector = Collector.start("tcp://127.0.0.1:0", HOT_CELSIUS, kafkaBrokers);
        try {
            out.printf(
                    Locale.ROOT,
                    "%,d devices on %,d sessions (two files each in this process), a report of %d readings every %.1f s.%n",
                    devices,
                    sessions,
                    READINGS_PER_REPORT,
                    every.toMillis() / 1e3);
            out.flush();
            Session operator = watch(collector);
            DeviceFleet fleet = DeviceFleet.connect(collector.uri().toString(), devices, sessions, READINGS_PER_REPORT)
                    .block();
            boolean well = fleet != null && run(collector, fleet);
            operator.dispose();
            return well;
        } finally {
            collector.dispose();
        }
    }

    private static int sessionLimit() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? (int) Math.max(1, Math.min(1 << 20, (system.getMaxFileDescriptorCount() - OTHER_FILES) / 2))
                : 1000;
    }

    private Session watch(Collector collector) {
        Session operator = TransportClient.create(collector.uri().toString()).connectNow();
        AtomicInteger shown = new AtomicInteger();
        operator.receive().map(Packet::payloadText).subscribe(alert -> {
            int number = shown.incrementAndGet();
            if (number <= SHOWN_ALERTS) {
                out.println("ALERT " + alert + (number == SHOWN_ALERTS ? " (more are counted)" : ""));
                out.flush();
            }
        });
        operator.send(Packet.builder(PacketType.ONE_WAY)
                        .bizType(Collector.ALERTS)
                        .build())
                .block(Duration.ofSeconds(10));
        return operator;
    }

    private boolean run(Collector collector, DeviceFleet fleet) {
        out.printf(
                "%8s %12s %12s %10s %14s %9s %8s%n",
                "second", "readings/s", "stored", "rows/batch", "bytes/reading", "skipped", "alerts");
        fleet.report(every);
        long[] before = {0};
        Flux.interval(Duration.ofSeconds(1))
                .take(Math.max(1, duration.toSeconds()))
                .doOnNext(second -> {
                    long stored = collector.stored();
                    print(second + 1, stored - before[0], collector, fleet);
                    before[0] = stored;
                })
                .blockLast();
        fleet.dispose();
        long rows = collector.rows().blockOptional().orElse(0L);
        out.printf(
                Locale.ROOT,
                "%,d readings were answered, %,d rows are in the table, %,d failed, %,d alerts%s%n",
                fleet.acknowledged(),
                rows,
                fleet.failed(),
                collector.alerts(),
                kafkaBrokers == null ? "" : "; those that were answered are in the Kafka topic readings too");
        out.flush();
        return fleet.acknowledged() == rows && rows > 0 && fleet.failed() == 0;
    }

    private void print(long second, long readings, Collector collector, DeviceFleet fleet) {
        out.printf(
                Locale.ROOT,
                "%8d %,12d %,12d %10.0f %14.1f %,9d %,8d%n",
                second,
                readings,
                collector.stored(),
                (double) collector.stored() / Math.max(1, collector.batches()),
                (double) collector.bytesReceived() / Math.max(1, collector.stored()),
                fleet.skipped(),
                collector.alerts());
        out.flush();
    }
}
