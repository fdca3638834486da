package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.monitor.Latencies;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The requests of one connection that wait for a response, by message id, and the counter of message ids. */
final class PendingRequests {

    private final EventLoop loop;
    private final int max;
    private final Supplier<String> stallHint;
    private final Runnable ended;
    private final Latencies times;

    /** Accepted and not ended, from any thread: the bound. */
    private volatile int count;

    private static final AtomicIntegerFieldUpdater<PendingRequests> COUNT =
            AtomicIntegerFieldUpdater.newUpdater(PendingRequests.class, "count");

    // Event loop only.
    private final RequestTable byId;
    private @Nullable TimeoutWheel wheel;
    private int lastId;
    /** From the last id up to this one none is 0 or pending. */
    private int freeUntil;

    private long sent;
    private long timedOut;

    /**
     * @param stallHint says why a response may not have been read, for the message of a time-out
     * @param ended called on the event loop when a request ended, whatever way
     * @param times how long they take
     */
    PendingRequests(EventLoop loop, int max, Supplier<String> stallHint, Runnable ended, Latencies times) {
        this.loop = loop;
        this.max = max;
        this.stallHint = stallHint;
        this.ended = ended;
        this.times = times;
        this.byId = new RequestTable(max);
    }

    int count() {
        return count;
    }

    long sent() {
        return sent;
    }

    long timedOut() {
        return timedOut;
    }

    String stallHint() {
        return stallHint.get();
    }

    /** Takes a place for one more, from any thread; every place is given back by {@link #release}. */
    void acquire() {
        int now = COUNT.incrementAndGet(this);
        if (now > max) {
            COUNT.decrementAndGet(this);
            throw new LimitException("pending requests of a session", "maxPendingRequests", max, now);
        }
    }

    /** Gives back the place of a request that was never registered. */
    void release() {
        COUNT.decrementAndGet(this);
    }

    /** The next message id: counts up from 1, skips 0 and what is pending. */
    int nextId() {
        return lastId == freeUntil ? look() : ++lastId;
    }

    private int look() {
        int id = lastId + 1;
        while (id == 0 || byId.containsKey(id)) {
            id++;
        }
        lastId = id;
        freeUntil = byId.isEmpty() ? -1 : id; // to the last before 0: requests with ids of this counter are behind it
        return id;
    }

    /** Continues the ids behind this one; for tests of the wrap. */
    void startIdsAfter(int id) {
        lastId = id;
        freeUntil = id;
    }

    /** Gives the request its id and its deadline; false when its own id is pending, and the request is refused. */
    boolean register(PendingRequest request) {
        Packet packet = request.packet;
        int id = packet.hasMessageId() ? (int) packet.messageId() : nextId();
        if (packet.hasMessageId() && byId.containsKey(id)) {
            release();
            request.fail(new IllegalArgumentException(
                    "a request with message id " + Integer.toUnsignedString(id) + " is pending on this session"));
            return false;
        }
        if (packet.hasMessageId()) {
            freeUntil = lastId; // it may be before the counter
        }
        request.id = id;
        request.registered = true;
        byId.put(request);
        sent++;
        if (times.samples(id)) {
            request.startNanos = System.nanoTime();
        }
        wheel().schedule(request, request.timeout.toNanos());
        return true;
    }

    /** Finds and forgets the request of a response. */
    @Nullable
    PendingRequest take(int id) {
        PendingRequest request = byId.remove(id);
        if (request != null) {
            if (request.startNanos != 0) {
                times.record(System.nanoTime() - request.startNanos);
            }
            end(request);
        }
        return request;
    }

    /** Forgets a request that ended without a response. */
    private boolean forget(PendingRequest request) {
        if (!request.registered || byId.get(request.id) != request) {
            return false;
        }
        byId.remove(request.id);
        end(request);
        return true;
    }

    /** Forgets a request for whose response nobody waits any more, and tells the peer if it knows of it. */
    void giveUp(PendingRequest request) {
        if (forget(request) && request.sent) {
            request.outbound.encodeCancel(request.id);
        }
    }

    /** Forgets a request whose time is over. */
    void timedOut(PendingRequest request) {
        timedOut++;
        giveUp(request);
    }

    /** The caller gave up, on any thread. One that is not registered yet is released when its turn comes. */
    void cancelled(PendingRequest request) {
        if (loop.inEventLoop()) {
            giveUp(request);
        } else {
            loop.execute(() -> giveUp(request));
        }
    }

    void failAll(Supplier<Throwable> error) {
        List<PendingRequest> all = byId.all();
        for (PendingRequest request : all) {
            forget(request);
            request.fail(error.get());
        }
    }

    private void end(PendingRequest request) {
        request.registered = false;
        wheel().cancel(request);
        release();
        ended.run();
    }

    private TimeoutWheel wheel() {
        TimeoutWheel present = wheel;
        if (present == null) {
            present = TimeoutWheel.of(loop);
            wheel = present;
        }
        return present;
    }
}
