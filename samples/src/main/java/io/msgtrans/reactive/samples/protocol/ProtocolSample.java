package io.msgtrans.reactive.samples.protocol;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import reactor.core.publisher.Flux;

/** Sends the same packets over {@code tcp} and over {@code meter}, and shows what each puts on the network. */
public final class ProtocolSample {

    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final int packets;
    private final PrintWriter out;

    public ProtocolSample(int packets, PrintWriter out) {
        this.packets = packets;
        this.out = out;
    }

    /** True when all packets arrived everywhere. */
    public boolean run() {
        out.printf(Locale.ROOT, "%,d meter readings as JSON, one packet each:%n", packets);
        out.printf("%-22s %12s %12s %16s%n", "", "packets/s", "bytes each", "packets/block");
        boolean plain = send("tcp://127.0.0.1:0", "tcp", options -> options);
        boolean stored =
                send("meter://127.0.0.1:0", "meter, level 0", options -> options.with(MeterTransport.LEVEL, 0));
        boolean fast = send("meter://127.0.0.1:0", "meter, level 1", options -> options);
        boolean small = send("meter://127.0.0.1:0", "meter, level 6", options -> options.with(MeterTransport.LEVEL, 6));
        return plain && stored && fast && small;
    }

    private boolean send(String uri, String name, UnaryOperator<EndpointOptions> options) {
        LongAdder arrived = new LongAdder();
        BoundServer server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.receiveBorrowed(packet -> arrived.increment()))
                .bindNow();
        try {
            Session session = TransportClient.create(server.uri().toString())
                    .endpoint(options)
                    .connectNow();
            long begin = System.nanoTime();
            session.send(Flux.range(0, packets).map(ProtocolSample::reading)).block(LIMIT);
            Flux.interval(Duration.ofMillis(1))
                    .filter(tick -> arrived.sum() == packets)
                    .blockFirst(LIMIT);
            long nanos = System.nanoTime() - begin;
            print(name, nanos, session);
            session.close().block(LIMIT);
        } finally {
            server.dispose();
            server.onDispose().block(LIMIT);
        }
        return arrived.sum() == packets;
    }

    private static Packet reading(int i) {
        return Packet.oneWay("{\"meter\":\"DE-" + (100_000 + i % 500) + "\",\"kWh\":" + i / 10 + "." + i % 10
                + ",\"at\":" + (1_790_000_000L + i) + "}");
    }

    private void print(String name, long nanos, Session session) {
        BlockEncoder blocks = session.transport(BlockEncoder.class);
        SessionStats stats = session.stats();
        long bytes = blocks == null ? stats.bytesSent() : blocks.bytes();
        out.printf(
                Locale.ROOT,
                "%-22s %,12.0f %12.1f %16s%n",
                name,
                packets * 1e9 / nanos,
                (double) bytes / packets,
                blocks == null ? "-" : String.format(Locale.ROOT, "%.0f", (double) packets / blocks.blocks()));
        out.flush();
    }
}
