package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.HdrHistogram.Histogram;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Packets in flight on one session of an echo server, which come back in order: each has its sequence number as message
 * id, and is checked for that and for its length.
 */
final class EchoLane {

    private static final long HIGHEST_NANOS = 60_000_000_000L;

    private final Session session;
    private final byte[] payload;
    private final int mask;
    /** When the packet of a sequence number was, or should have been, sent. */
    private final AtomicLongArray sentNanos;

    private final AtomicLong received = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final Histogram histogram = new Histogram(HIGHEST_NANOS, 3);
    private volatile boolean measuring;

    // Written by the one thread that sends: the event loop, or the pacer.
    private long sent;

    EchoLane(Session session, byte[] payload, int inFlight) {
        this.session = session;
        this.payload = payload;
        int slots = Integer.highestOneBit(Math.max(1, inFlight - 1)) * 2;
        this.mask = slots - 1;
        this.sentNanos = new AtomicLongArray(slots);
    }

    /** Keeps a window of packets in flight; ends with the session. */
    Mono<Void> runWindow(int window) {
        Flux<Packet> first = Flux.range(0, window).map(i -> next(System.nanoTime()));
        Flux<Packet> following = session.receive().map(reply -> {
            long now = System.nanoTime();
            check(reply, now);
            return next(now);
        });
        return session.send(first.concatWith(following));
    }

    /** Receives only; packets are sent by {@link #sendDue}. */
    Mono<Void> runPaced() {
        return session.receive()
                .doOnNext(reply -> check(reply, System.nanoTime()))
                .then();
    }

    /** Sends what should have been sent by now, one packet each interval; what finds no room stays due. */
    void sendDue(long startNanos, double intervalNanos, long nowNanos) {
        long due = (long) ((nowNanos - startNanos) / intervalNanos) + 1;
        while (sent < due && sent - received.get() <= mask) {
            long intended = startNanos + (long) (sent * intervalNanos);
            sentNanos.setRelease((int) sent & mask, intended);
            if (session.offer(Packet.oneWay(payload).withMessageId(sent & 0xFFFFFFFFL)) != OfferResult.ACCEPTED) {
                return;
            }
            sent++;
        }
    }

    private Packet next(long nowNanos) {
        sentNanos.setRelease((int) sent & mask, nowNanos);
        return Packet.oneWay(payload).withMessageId(sent++ & 0xFFFFFFFFL);
    }

    private void check(Packet reply, long nowNanos) {
        long sequence = received.getPlain();
        if (reply.messageId() != (sequence & 0xFFFFFFFFL) || reply.payloadLength() != payload.length) {
            errors.incrementAndGet();
        } else if (measuring) {
            long sentAt = sentNanos.getAcquire((int) sequence & mask);
            histogram.recordValue(Math.max(0, Math.min(nowNanos - sentAt, HIGHEST_NANOS)));
        }
        received.setRelease(sequence + 1);
    }

    void measure(boolean measuring) {
        this.measuring = measuring;
    }

    long received() {
        return received.getAcquire();
    }

    long errors() {
        return errors.get();
    }

    /** To be read when the session has ended. */
    Histogram histogram() {
        return histogram;
    }
}
