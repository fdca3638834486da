package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Packets in flight on one session of an echo server, which come back in order: each has its sequence number as message
 * id, and is checked for that and for its length. Sends and receives on the session's event loop.
 */
final class EchoLane {

    private static final long HIGHEST_NANOS = 60_000_000_000L;
    /** It is looked no more often which packets are due. */
    private static final long LEAST_PACE_NANOS = 100_000;

    private final Session session;
    private final byte[] payload;
    private final int mask;
    /** When the packet of a sequence number was, or should have been, sent. */
    private final long[] sentNanos;

    private final AtomicLong received = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final Histogram measured = bounds();
    private final Histogram outside = bounds();
    /** Always one of both: a branch that is first taken in the window would have the compiled code thrown away in it. */
    private volatile Histogram times = outside;

    private long sent;

    EchoLane(Session session, byte[] payload, int inFlight) {
        this.session = session;
        this.payload = payload;
        int slots = Integer.highestOneBit(Math.max(1, inFlight - 1)) * 2;
        this.mask = slots - 1;
        this.sentNanos = new long[slots];
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

    /** Sends one packet each interval from a time on; ends with the session. */
    Mono<Void> runPaced(long startNanos, double intervalNanos) {
        Channel channel = Objects.requireNonNull(session.transport(Channel.class));
        Scheduler loop = Schedulers.fromExecutorService(channel.eventLoop());
        return Mono.defer(() -> Mono.delay(untilDue(startNanos, intervalNanos), loop))
                .doOnNext(turn -> sendDue(startNanos, intervalNanos))
                .repeat()
                .takeUntilOther(session.receive()
                        .doOnNext(reply -> check(reply, System.nanoTime()))
                        .then())
                .then();
    }

    private Duration untilDue(long startNanos, double intervalNanos) {
        long nextNanos = startNanos + (long) (sent * intervalNanos);
        return Duration.ofNanos(Math.max(LEAST_PACE_NANOS, nextNanos - System.nanoTime()));
    }

    /** Sends what should have been sent by now; what finds no room stays due. */
    private void sendDue(long startNanos, double intervalNanos) {
        long due = (long) ((System.nanoTime() - startNanos) / intervalNanos) + 1;
        while (sent < due && sent - received.getPlain() <= mask) {
            long intended = startNanos + (long) (sent * intervalNanos);
            sentNanos[(int) sent & mask] = intended;
            if (session.offer(Packet.oneWay(payload).withMessageId(sent & 0xFFFFFFFFL)) != OfferResult.ACCEPTED) {
                return;
            }
            sent++;
        }
    }

    private Packet next(long nowNanos) {
        sentNanos[(int) sent & mask] = nowNanos;
        return Packet.oneWay(payload).withMessageId(sent++ & 0xFFFFFFFFL);
    }

    private void check(Packet reply, long nowNanos) {
        long sequence = received.getPlain();
        if (reply.messageId() != (sequence & 0xFFFFFFFFL) || reply.payloadLength() != payload.length) {
            errors.incrementAndGet();
        } else {
            long sentAt = sentNanos[(int) sequence & mask];
            times.recordValue(Math.max(0, Math.min(nowNanos - sentAt, HIGHEST_NANOS)));
        }
        received.setRelease(sequence + 1);
    }

    void measure(boolean measuring) {
        times = measuring ? measured : outside;
    }

    long received() {
        return received.getAcquire();
    }

    long errors() {
        return errors.get();
    }

    /** To be read when the session has ended. */
    Histogram histogram() {
        Histogram copy = measured.copy();
        copy.subtract(bounds());
        return copy;
    }

    /** Holds the least and the highest value, so that none in the window is a new extreme, which were such a branch as well. */
    private static Histogram bounds() {
        Histogram bounds = new Histogram(HIGHEST_NANOS, 3);
        bounds.recordValue(1);
        bounds.recordValue(HIGHEST_NANOS);
        return bounds;
    }
}
