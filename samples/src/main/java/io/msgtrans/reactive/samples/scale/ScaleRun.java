package io.msgtrans.reactive.samples.scale;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Opens sessions to a scale server, lets all send and all receive, closes them, and prints what it cost. */
public final class ScaleRun {

    private static final String HEADING = String.format(
            "%9s %10s %9s %9s %9s %12s %12s %14s %9s %7s %7s",
            "sessions",
            "connects/s",
            "heap B",
            "direct B",
            "resident",
            "packets",
            "packets/s",
            "broadcast/s",
            "closes/s",
            "lost",
            "errors");

    private static final int CONNECTING = 64;
    private static final int SENDING = 256;
    private static final int PAYLOAD_BYTES = 64;
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration LONGEST = Duration.ofMinutes(30);

    private final TransportClient client;
    private final int packetsEach;
    private final int broadcasts;
    private final PrintWriter out;

    /**
     * @param packetsEach sent by each session
     * @param broadcasts packets to all sessions
     */
    public ScaleRun(TransportClient client, int packetsEach, int broadcasts, PrintWriter out) {
        this.client = client;
        this.packetsEach = packetsEach;
        this.broadcasts = broadcasts;
        this.out = out;
    }

    /** Prints what the columns are. */
    public void heading() {
        out.println(
                "Bytes per session at rest, of the server: heap behind a collection, direct memory, resident memory.");
        out.println(HEADING);
        out.flush();
    }

    /** Runs with so many sessions; true when nothing was lost and nothing failed. */
    public boolean run(int count) {
        Session control = client.connectNow();
        LongAdder arrived = new LongAdder();
        LongAdder errors = new LongAdder();
        ServerState before = state(control, ScaleServer.STATE_COLLECTED);
        long begin = System.nanoTime();
        List<Session> sessions = Objects.requireNonNull(Flux.range(0, count)
                .flatMap(
                        i -> client.connect()
                                .doOnError(error -> errors.increment())
                                .onErrorComplete(),
                        CONNECTING)
                .doOnNext(session ->
                        session.receiveBorrowed().subscribe(packet -> arrived.increment(), error -> errors.increment()))
                .collectList()
                .block(LONGEST));
        double connects = perSecond(sessions.size(), begin);
        ServerState idle = state(control, ScaleServer.STATE_COLLECTED);

        begin = System.nanoTime();
        Packet packet = Packet.builder(PacketType.ONE_WAY)
                .bizType(ScaleServer.COUNTED)
                .payload(new byte[PAYLOAD_BYTES])
                .build();
        Flux.fromIterable(sessions)
                .flatMap(
                        session -> session.send(Flux.range(0, packetsEach).map(i -> packet))
                                .doOnError(error -> errors.increment())
                                .onErrorComplete(),
                        SENDING)
                .blockLast(LONGEST);
        long expected = (long) sessions.size() * packetsEach;
        long received = await(expected, () -> state(control, ScaleServer.STATE).packets() - before.packets());
        double packets = perSecond(received, begin);

        begin = System.nanoTime();
        long copies = (long) sessions.size() * broadcasts;
        control.request(
                        Packet.builder(PacketType.REQUEST)
                                .bizType(ScaleServer.BROADCAST)
                                .payload(Integer.toString(broadcasts))
                                .build(),
                        LONGEST)
                .block();
        long heard = await(copies, arrived::sum);
        double deliveries = perSecond(heard, begin);

        begin = System.nanoTime();
        Flux.fromIterable(sessions)
                .flatMap(session -> session.close().onErrorComplete(), SENDING)
                .blockLast(LONGEST);
        await(
                sessions.size(),
                () -> sessions.size() + 1 - state(control, ScaleServer.STATE).sessions());
        double closes = perSecond(sessions.size(), begin);
        // Closing sends what was accepted, so what has come by now is all that will: on a loaded machine QUIC repeats a
        // packet after more than the ten seconds.
        received = await(expected, () -> state(control, ScaleServer.STATE).packets() - before.packets());
        long lost = expected - received + copies - heard;
        out.printf(
                Locale.ROOT,
                "%,9d %,10.0f %,9d %,9d %,9d %,12d %,12.0f %,14.0f %,9.0f %7d %7d%n",
                sessions.size(),
                connects,
                (idle.heapBytes() - before.heapBytes()) / Math.max(1, sessions.size()),
                (idle.directBytes() - before.directBytes()) / Math.max(1, sessions.size()),
                (idle.residentBytes() - before.residentBytes()) / Math.max(1, sessions.size()),
                received,
                packets,
                deliveries,
                closes,
                lost,
                errors.sum());
        out.flush();
        control.dispose();
        return lost == 0 && errors.sum() == 0 && sessions.size() == count;
    }

    private static double perSecond(long count, long beginNanos) {
        return count * (double) TimeUnit.SECONDS.toNanos(1) / (System.nanoTime() - beginNanos);
    }

    private static ServerState state(Session control, int kind) {
        String text = control.request(
                        Packet.builder(PacketType.REQUEST).bizType(kind).build(), Duration.ofMinutes(2))
                .map(Packet::payloadText)
                .block();
        return ServerState.of(Objects.requireNonNull(text));
    }

    /** Waits until a count is reached, or does not grow for ten seconds. */
    private static long await(long expected, LongSupplier count) {
        long last = count.getAsLong();
        long grown = System.nanoTime();
        while (last < expected && System.nanoTime() - grown < TimeUnit.SECONDS.toNanos(10)) {
            Mono.delay(POLL).block();
            long now = count.getAsLong();
            if (now != last) {
                grown = System.nanoTime();
            }
            last = now;
        }
        return last;
    }
}
