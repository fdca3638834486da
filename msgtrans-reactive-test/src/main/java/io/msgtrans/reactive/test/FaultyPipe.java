package io.msgtrans.reactive.test;

import io.netty.util.concurrent.EventExecutor;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One direction of a link with faults. Event loop only. */
final class FaultyPipe {

    /** What may be under way; enough for a long fat network. */
    static final int CAPACITY_BYTES = 8 << 20;

    private record Delayed(long dueNanos, Runnable action) {}

    private final LinkFaults faults;
    private final EventExecutor loop;
    private final Consumer<byte[]> out;
    private final Queue<Delayed> waiting = new ArrayDeque<>();
    private final ByteArrayOutputStream joined = new ByteArrayOutputStream();
    private int underWay;
    /** When the next byte may arrive, by the throttle. */
    private long freeNanos = System.nanoTime();

    /** @param out gets what arrives, and calls {@link #gone} when it has got rid of it */
    FaultyPipe(LinkFaults faults, EventExecutor loop, Consumer<byte[]> out) {
        this.faults = faults;
        this.loop = loop;
        this.out = out;
    }

    /** Takes bytes, which are its own from now on. */
    void take(byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        faults.corrupt(bytes);
        underWay += bytes.length;
        long joinNanos = faults.joinNanos();
        if (joinNanos == 0 && joined.size() == 0) {
            passOn(bytes);
            return;
        }
        joined.writeBytes(bytes);
        if (joined.size() == bytes.length) {
            var unused = loop.schedule(this::passOnJoined, joinNanos, TimeUnit.NANOSECONDS);
        }
    }

    /** Does something when all that was taken has arrived. */
    void finish(Runnable end) {
        passOnJoined();
        later(0, end);
    }

    /** So many bytes that came out are gone. */
    void gone(int bytes) {
        underWay -= bytes;
    }

    /** Whether it takes more. */
    boolean hasRoom() {
        return underWay < CAPACITY_BYTES;
    }

    private void passOnJoined() {
        byte[] bytes = joined.toByteArray();
        joined.reset();
        if (bytes.length > 0) {
            passOn(bytes);
        }
    }

    private void passOn(byte[] bytes) {
        for (int from = 0; from < bytes.length; ) {
            int length = faults.piece(bytes.length - from);
            byte[] piece = length == bytes.length ? bytes : Arrays.copyOfRange(bytes, from, from + length);
            from += length;
            later(length, () -> out.accept(piece));
        }
    }

    private void later(int bytes, Runnable action) {
        long rate = faults.bytesPerSecond();
        long now = System.nanoTime();
        if (rate > 0) {
            freeNanos = Math.max(freeNanos, now) + bytes * TimeUnit.SECONDS.toNanos(1) / rate;
        }
        waiting.add(new Delayed((rate > 0 ? freeNanos : now) + faults.delayNanos(), action));
        if (waiting.size() == 1) {
            runDue();
        }
    }

    /** One after the other, so that nothing is overtaken when the delay gets shorter. */
    private void runDue() {
        for (Delayed first = waiting.peek(); first != null; first = waiting.peek()) {
            if (faults.whenHealed(loop, this::runDue)) {
                return;
            }
            long left = first.dueNanos() - System.nanoTime();
            if (left > 0) {
                var unused = loop.schedule(this::runDue, left, TimeUnit.NANOSECONDS);
                return;
            }
            waiting.remove();
            first.action().run();
        }
    }
}
