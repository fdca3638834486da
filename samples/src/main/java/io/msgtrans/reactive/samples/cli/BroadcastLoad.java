package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupStats;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The server's side of {@code bench --workload broadcast}: a request says how fast, how large and how long, the packets go to all
 * sessions with the time in front, and the answer says what became of them.
 */
final class BroadcastLoad {

    private static final long STEP_NANOS = 50_000;
    private static final int MAX_PAYLOAD_BYTES = 1 << 20;
    private static final long MAX_MILLIS = 600_000;
    private static final Pattern REQUEST = Pattern.compile("(\\d{1,9}) (\\d{1,9}) (\\d{1,9})");

    private final Group all;

    BroadcastLoad(Group all) {
        this.all = all;
    }

    /** The request of a load; a rate of 0 is as fast as it goes. */
    static Packet request(long rate, int payloadBytes, long millis) {
        return Packet.request(rate + " " + payloadBytes + " " + millis);
    }

    Publisher<Void> handle(Session session, Flux<Packet> packets) {
        all.join(session);
        return packets.filter(packet -> packet.type() == PacketType.REQUEST)
                .concatMap(request -> Mono.fromCallable(() -> answer(session, request.payloadText()))
                        .subscribeOn(Schedulers.boundedElastic())
                        .flatMap(answer -> session.reply(request, answer)));
    }

    private String answer(Session session, String request) {
        Matcher asked = REQUEST.matcher(request);
        if (!asked.matches()) {
            return "a broadcast is asked for as: rate payload millis";
        }
        int payloadBytes = Integer.parseInt(asked.group(2));
        if (payloadBytes > MAX_PAYLOAD_BYTES) {
            return "payload " + payloadBytes + " is above " + MAX_PAYLOAD_BYTES;
        }
        return run(
                session,
                Long.parseLong(asked.group(1)),
                Math.max(Long.BYTES, payloadBytes),
                Math.min(MAX_MILLIS, Long.parseLong(asked.group(3))));
    }

    /** Ends with the session that asked for it, too. */
    private String run(Session session, long rate, int payloadBytes, long millis) {
        long startNanos = System.nanoTime();
        long endNanos = startNanos + millis * 1_000_000;
        long sent = 0;
        long refused = 0;
        for (long now = startNanos; now < endNanos && session.isOpen(); now = System.nanoTime()) {
            long due = rate == 0 ? Long.MAX_VALUE : (long) ((now - startNanos) / 1e9 * rate);
            boolean full = false;
            while (sent < due && !full && System.nanoTime() < endNanos) {
                byte[] payload = ByteBuffer.allocate(payloadBytes)
                        .putLong(System.nanoTime())
                        .array();
                full = all.offer(Packet.oneWay(payload)) != OfferResult.ACCEPTED;
                sent += full ? 0 : 1;
                refused += full ? 1 : 0;
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
        GroupStats stats = all.stats();
        return String.format(
                Locale.ROOT,
                "sent %d, full %d, delivered %d, dropped %d, disconnected %d, backlog %d, heap %d MiB",
                sent,
                refused,
                stats.delivered(),
                stats.dropped(),
                stats.disconnected(),
                stats.backlog(),
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 20);
    }
}
