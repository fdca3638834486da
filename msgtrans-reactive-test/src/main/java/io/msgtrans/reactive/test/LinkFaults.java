package io.msgtrans.reactive.test;

import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What is done to the bytes of a link, as it stands; set by any thread, followed by {@link FaultyPipe}s on one event loop. */
final class LinkFaults {

    /** Event loop only. */
    private final Random random;

    private volatile long delayNanos;
    private volatile long bytesPerSecond;
    private volatile long joinNanos;
    private volatile int mostBytes;
    private volatile double corruptionRate;
    private volatile boolean cut;
    private volatile boolean reading = true;
    /** What waits for the link to be healed. */
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

    LinkFaults(long seed) {
        this.random = new Random(seed);
    }

    void delay(Duration delay) {
        delayNanos = delay.toNanos();
    }

    void throttle(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    void split(int mostBytes) {
        this.mostBytes = mostBytes;
    }

    void join(Duration time) {
        joinNanos = time.toNanos();
    }

    void corrupt(double rate) {
        corruptionRate = rate;
    }

    void reading(boolean reading) {
        this.reading = reading;
    }

    void cut(boolean cut) {
        this.cut = cut;
        if (!cut) {
            for (Runnable work = held.poll(); work != null; work = held.poll()) {
                work.run();
            }
        }
    }

    /** Whether more is to be read. */
    boolean isReading() {
        return reading && !cut;
    }

    boolean isCut() {
        return cut;
    }

    long delayNanos() {
        return delayNanos;
    }

    long bytesPerSecond() {
        return bytesPerSecond;
    }

    long joinNanos() {
        return joinNanos;
    }

    /** The length of the next piece of so many bytes. */
    int piece(int length) {
        int most = mostBytes;
        return most == 0 ? length : Math.min(length, 1 + random.nextInt(most));
    }

    /** Flips a bit now and then. */
    void corrupt(byte[] bytes) {
        if (corruptionRate > 0 && random.nextDouble() < corruptionRate) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    /** When the link is cut, gives true, and does something on the event loop when it is healed. */
    boolean whenHealed(EventExecutor loop, Runnable work) {
        if (!cut) {
            return false;
        }
        Runnable inLoop = () -> loop.execute(work);
        held.add(inLoop);
        if (!cut && held.remove(inLoop)) {
            inLoop.run(); // healed in between
        }
        return true;
    }
}
