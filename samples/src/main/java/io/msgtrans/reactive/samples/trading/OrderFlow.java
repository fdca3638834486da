package io.msgtrans.reactive.samples.trading;

import io.msgtrans.reactive.Session;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Sends orders at a fixed rate, whatever the answers do, and measures each round trip from the time at which the order
 * should have left: a stall of the exchange is seen by every order that it delays (no coordinated omission).
 */
final class OrderFlow {

    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final long STEP_NANOS = 50_000;
    private static final int INSTRUMENTS = 8;

    private final Session session;
    private final double intervalNanos;
    private final Recorder recorder = new Recorder(HIGHEST_NANOS, 3);
    private final LongAdder filled = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Thread pacer = new Thread(this::pace, "trading-pacer");
    private volatile boolean stopped;

    OrderFlow(Session session, double ordersPerSecond) {
        this.session = session;
        this.intervalNanos = 1e9 / ordersPerSecond;
        pacer.setDaemon(true);
    }

    void start() {
        pacer.start();
    }

    private void pace() {
        long startNanos = System.nanoTime();
        long sent = 0;
        while (!stopped && session.isOpen()) {
            long due = (long) ((System.nanoTime() - startNanos) / intervalNanos) + 1;
            for (; sent < due; sent++) {
                send(sent, startNanos + (long) (sent * intervalNanos));
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    private void send(long id, long intendedNanos) {
        long quantity = 1 + id % 10;
        Order order =
                new Order(id, id % INSTRUMENTS, id / INSTRUMENTS % 2 == 0 ? quantity : -quantity, 10_000 + id % 100);
        session.request(order.toRequest())
                .map(ExecutionReport::from)
                .subscribe(report -> answered(report, id, intendedNanos), error -> failed.increment());
    }

    private void answered(ExecutionReport report, long id, long intendedNanos) {
        recorder.recordValue(Math.min(HIGHEST_NANOS, System.nanoTime() - intendedNanos));
        if (report.orderId() != id) {
            failed.increment();
        } else if (report.isRefused()) {
            refused.increment();
        } else {
            filled.increment();
        }
    }

    /** Round trips since the last call, in nanoseconds. */
    Histogram roundTrips() {
        return recorder.getIntervalHistogram();
    }

    long filled() {
        return filled.sum();
    }

    long refused() {
        return refused.sum();
    }

    /** Orders without an answer, or with a wrong one. */
    long failed() {
        return failed.sum();
    }

    /** Sends no more. */
    void stop() throws InterruptedException {
        stopped = true;
        pacer.join(5_000);
    }
}
