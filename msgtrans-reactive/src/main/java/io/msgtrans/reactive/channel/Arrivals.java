package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * What other threads have for an event loop: a queue whose bound is counted in packets and bytes, and whether the event loop was told
 * to look. Room is reserved before a packet is added, and given back when it has left, which may be long after it was polled.
 */
final class Arrivals {

    private static final long PACKET = 1L << 40;
    private static final long BYTES = PACKET - 1;

    /** Packets (upper 24 bits) and bytes (lower 40 bits) that have room. */
    private volatile long load;

    private static final AtomicLongFieldUpdater<Arrivals> LOAD =
            AtomicLongFieldUpdater.newUpdater(Arrivals.class, "load");

    /** 1 while a run is owed, so that many entries wake the event loop once. */
    private volatile int scheduled;

    private static final AtomicIntegerFieldUpdater<Arrivals> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(Arrivals.class, "scheduled");

    /** Made when the first entry comes: most sessions have none. */
    private volatile @Nullable MpscUnboundedArrayQueue<Object> queue;

    // ---- any thread ----

    /** Takes room for a packet; false when there is none. One packet of any length has room where no other is. */
    boolean reserve(Packet packet, int maxPackets, long maxBytes) {
        long cost = cost(packet);
        long before = LOAD.getAndAdd(this, cost);
        if (before / PACKET < maxPackets && ((before & BYTES) == 0 || ((before + cost) & BYTES) <= maxBytes)) {
            return true;
        }
        LOAD.getAndAdd(this, -cost);
        return false;
    }

    /** Gives back the room of packets, as the sum of their {@link #cost}s. */
    void release(long cost) {
        LOAD.getAndAdd(this, -cost);
    }

    /** The room that a packet takes. */
    static long cost(Packet packet) {
        return PACKET + packet.lengthBytes();
    }

    boolean hasRoom(int maxPackets, long maxBytes) {
        long now = load;
        return now / PACKET < maxPackets && (now & BYTES) < maxBytes;
    }

    /** Whether nothing has room: what comes now is the first. */
    boolean isEmpty() {
        return load == 0;
    }

    int packets() {
        return (int) (load / PACKET);
    }

    long bytes() {
        return load & BYTES;
    }

    /** Adds what has room, or needs none; true when the caller has to schedule a run. */
    boolean add(Object entry) {
        MpscUnboundedArrayQueue<Object> present = queue;
        if (present == null) {
            present = makeQueue();
        }
        present.offer(entry);
        return wake();
    }

    private synchronized MpscUnboundedArrayQueue<Object> makeQueue() {
        MpscUnboundedArrayQueue<Object> present = queue;
        if (present == null) {
            present = new MpscUnboundedArrayQueue<>(64);
            queue = present;
        }
        return present;
    }

    /** True when the caller has to schedule a run. */
    boolean wake() {
        return scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1);
    }

    // ---- event loop ----

    /** What is added from here on wakes the event loop again. */
    void beginRun() {
        scheduled = 0;
    }

    /** Whether there is no entry now. */
    boolean isDrained() {
        MpscUnboundedArrayQueue<Object> present = queue;
        return present == null || present.isEmpty();
    }

    /** The oldest entry, or {@code null}. */
    @Nullable
    Object poll() {
        MpscUnboundedArrayQueue<Object> present = queue;
        return present == null ? null : present.poll();
    }
}
