package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.group.BroadcastResult;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * One running broadcast of a packet or a publisher: offers to the group, waits where it is full, and adds up what became of the
 * packets on each event loop.
 */
final class GroupBroadcast implements CoreSubscriber<Packet> {

    private static final int WINDOW = 256;

    private final SessionGroup group;
    private final MonoSink<BroadcastResult> sink;
    private final @Nullable Predicate<? super Session> to;
    private final LongAdder delivered = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder disconnected = new LongAdder();
    /** Answers of event loops that are still to come, and one more until the publisher has ended. */
    private final AtomicInteger outstanding = new AtomicInteger(1);

    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicInteger offering = new AtomicInteger();
    /** Emitted and not offered yet. */
    private final Queue<Packet> held = new SpscArrayQueue<>(WINDOW);

    private @Nullable Subscription upstream;
    private volatile boolean upstreamDone;
    private @Nullable Throwable upstreamError;

    // Of whoever offers.
    private int taken;
    private boolean publisherEnded;

    GroupBroadcast(SessionGroup group, MonoSink<BroadcastResult> sink, @Nullable Predicate<? super Session> to) {
        this.group = group;
        this.sink = sink;
        this.to = to;
        sink.onCancel(this::cancel);
    }

    @Override
    public Context currentContext() {
        return Context.of(sink.contextView());
    }

    /** Broadcasts one packet. */
    void send(Packet packet) {
        upstreamDone = true;
        try {
            held.add(group.checked(packet));
        } catch (RuntimeException refused) {
            packet.release();
            fail(refused);
            return;
        }
        offerHeld();
    }

    // ---- the publisher's thread ----

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            subscription.request(WINDOW);
        }
    }

    @Override
    public void onNext(Packet packet) {
        if (ended.get()) {
            Operators.onDiscard(packet, currentContext());
            packet.release();
            return;
        }
        try {
            if (!held.offer(group.checked(packet))) {
                throw new IllegalStateException("the publisher emitted more packets than were requested");
            }
        } catch (RuntimeException refused) {
            packet.release();
            cancelUpstream();
            fail(refused);
            return;
        }
        offerHeld();
    }

    @Override
    public void onError(Throwable error) {
        upstreamError = error;
        upstreamDone = true;
        offerHeld();
    }

    @Override
    public void onComplete() {
        upstreamDone = true;
        offerHeld();
    }

    // ---- one thread at a time ----

    private void offerHeld() {
        if (offering.getAndIncrement() != 0) {
            return;
        }
        int missed = 1;
        do {
            if (!offerAll()) {
                waitForRoom();
                return; // still offering, until there is room
            }
            missed = offering.addAndGet(-missed);
        } while (missed != 0);
    }

    private void waitForRoom() {
        try {
            group.whenRoom(this::offerAgain);
        } catch (LimitException tooMany) {
            cancelUpstream();
            fail(tooMany);
            offerAgain(); // releases what is held
        }
    }

    private void offerAgain() {
        offering.set(0);
        offerHeld();
    }

    /** Offers what is held; false when the group is full. */
    private boolean offerAll() {
        for (Packet next = held.peek(); next != null; next = held.peek()) {
            if (ended.get()) {
                held.remove().release();
                continue;
            }
            if (group.offer(next, to, this) == OfferResult.FULL) {
                return false;
            }
            held.remove();
            if (++taken >= WINDOW - (WINDOW >> 2)) {
                int more = taken;
                taken = 0;
                if (upstream != null) {
                    upstream.request(more);
                }
            }
        }
        if (upstreamDone && held.isEmpty() && !publisherEnded) {
            publisherEnded = true;
            Throwable error = upstreamError;
            if (error != null) {
                fail(error);
            } else {
                answered(1);
            }
        }
        return true;
    }

    // ---- event loops of the members ----

    /** So many event loops are going to answer for a packet. */
    void expect(int answers) {
        outstanding.addAndGet(answers);
    }

    /** One event loop has sent some packets. */
    void done(int packets, long deliveredTo, long droppedFor, long closed) {
        delivered.add(deliveredTo);
        dropped.add(droppedFor);
        disconnected.add(closed);
        answered(packets);
    }

    private void answered(int answers) {
        if (outstanding.addAndGet(-answers) == 0 && ended.compareAndSet(false, true)) {
            sink.success(new BroadcastResult(delivered.sum(), dropped.sum(), disconnected.sum()));
        }
    }

    private void fail(Throwable error) {
        if (ended.compareAndSet(false, true)) {
            sink.error(error);
        } else {
            Operators.onErrorDropped(error, currentContext());
        }
    }

    private void cancel() {
        ended.set(true);
        cancelUpstream();
    }

    private void cancelUpstream() {
        if (upstream != null) {
            upstream.cancel();
        }
    }
}
