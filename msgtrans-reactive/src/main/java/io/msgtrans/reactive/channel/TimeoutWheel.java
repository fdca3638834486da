package io.msgtrans.reactive.channel;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The time-outs of one event loop, in buckets of 10 ms: setting and cancelling one costs a few field writes, and no
 * timer of the event loop. An entry fires at its deadline or up to two ticks later.
 *
 * <p>Event loop only. A hashed wheel (Varghese and Lauck, 1987): an entry further away than one turn stays in its bucket
 * until its turn comes.
 */
final class TimeoutWheel implements Runnable {

    /** Something with a deadline. */
    abstract static class Timeout {
        private @Nullable Timeout previous;
        private @Nullable Timeout next;
        private int bucket = -1;
        private long deadlineTick;

        /** Called on the event loop when the deadline has passed; the entry is out of the wheel by then. */
        abstract void expire();
    }

    private static final Logger log = Loggers.getLogger(TimeoutWheel.class);
    private static final int BUCKETS = 1024;
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final FastThreadLocal<TimeoutWheel> WHEELS = new FastThreadLocal<>();

    private final EventLoop loop;
    private final long startNanos;
    private final @Nullable Timeout[] buckets = new @Nullable Timeout[BUCKETS];
    private long tick;
    private int size;
    private boolean running;

    private TimeoutWheel(EventLoop loop) {
        this.loop = loop;
        this.startNanos = nanoTime();
    }

    /** The time of the event loop, by which everything here goes. */
    long nanoTime() {
        return loop.ticker().nanoTime();
    }

    /** The wheel of the event loop on which the caller is. */
    static TimeoutWheel of(EventLoop loop) {
        TimeoutWheel wheel = WHEELS.getIfExists();
        if (wheel == null || wheel.loop != loop) {
            wheel = new TimeoutWheel(loop);
            WHEELS.set(wheel);
        }
        return wheel;
    }

    void schedule(Timeout timeout, long delayNanos) {
        cancel(timeout);
        if (size == 0) {
            tick = nowTick();
        }
        timeout.deadlineTick = (nanoTime() - startNanos + delayNanos) / TICK_NANOS + 1;
        int bucket = (int) timeout.deadlineTick & (BUCKETS - 1);
        timeout.bucket = bucket;
        timeout.previous = null;
        timeout.next = buckets[bucket];
        if (timeout.next != null) {
            timeout.next.previous = timeout;
        }
        buckets[bucket] = timeout;
        size++;
        if (!running) {
            running = true;
            arm();
        }
    }

    /** Takes an entry out; nothing when it is not in. */
    void cancel(Timeout timeout) {
        if (timeout.bucket < 0) {
            return;
        }
        if (timeout.previous != null) {
            timeout.previous.next = timeout.next;
        } else {
            buckets[timeout.bucket] = timeout.next;
        }
        if (timeout.next != null) {
            timeout.next.previous = timeout.previous;
        }
        timeout.previous = null;
        timeout.next = null;
        timeout.bucket = -1;
        size--;
    }

    @Override
    public void run() {
        for (long now = nowTick(); tick < now && size > 0; ) {
            tick++;
            expireBucket((int) tick & (BUCKETS - 1));
        }
        if (size > 0) {
            arm();
        } else {
            running = false;
        }
    }

    private void expireBucket(int bucket) {
        Timeout timeout = buckets[bucket];
        while (timeout != null) {
            if (timeout.deadlineTick <= tick) {
                cancel(timeout);
                expire(timeout);
                timeout = buckets[bucket]; // expire() may have changed the bucket
            } else {
                timeout = timeout.next;
            }
        }
    }

    /** A callback that fails must not stop the time-outs of all others. */
    private static void expire(Timeout timeout) {
        try {
            timeout.expire();
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            log.warn("a time-out failed", thrown);
        }
    }

    private void arm() {
        var unused = loop.schedule(this, TICK_NANOS, TimeUnit.NANOSECONDS);
    }

    private long nowTick() {
        return (nanoTime() - startNanos) / TICK_NANOS;
    }
}
