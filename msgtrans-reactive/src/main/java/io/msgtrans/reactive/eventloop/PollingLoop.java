package io.msgtrans.reactive.eventloop;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.IntSupplier;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;

/**
 * An event loop that asks for events again and again while it has a socket, for ever or for a while before it sleeps. One
 * without sockets sleeps like any other.
 *
 * <p>What asks for a while does so only where it pays: each time that something came meanwhile counts once for it, each time that
 * nothing did counts twice against it, and one whose count is used up tries again only once in {@value #SLEEPS_BETWEEN_TRIALS} times
 * that it sleeps. So does one that was kept from its processor while it asked: others want it.
 */
final class PollingLoop extends SingleThreadIoEventLoop implements SelectStrategy {

    static final long FOR_EVER = Long.MAX_VALUE;

    private static final int MOST_CREDIT = 8;
    private static final int SLEEPS_BETWEEN_TRIALS = 64;
    /** Of the count, when nothing came: it took all of the time, and the sleep followed. */
    private static final int COST_OF_NOTHING = 2;
    /** A trial is longer: a peer that sleeps takes its time to wake, one that asks for events as well does not. */
    private static final int TRIAL_FACTOR = 2;
    /** To ask once takes a microsecond; the kernel's own work, such as its clock, some more. */
    private static final long AWAY_NANOS = 100_000;

    private final long spinNanos;

    // Event loop only.
    private boolean spinning;
    private long spinEnd;
    private long lastNanos;
    private int credit = MOST_CREDIT;
    private int sleepsLeft;

    private PollingLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory handler, long spinNanos) {
        super(parent, executor, handler);
        this.spinNanos = spinNanos;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        if (spinNanos == FOR_EVER) {
            return hasTasks || getNumOfRegisteredChannels() > 0 ? selectNow.get() : SELECT;
        }
        if (hasTasks) {
            paid();
            return selectNow.get();
        }
        if (!spinning && !mayPay()) {
            return SELECT;
        }
        int ready = selectNow.get();
        if (ready > 0) {
            paid();
        } else if (spinning) {
            return goesOn(ticker().nanoTime()) ? ready : SELECT;
        } else {
            spinning = true;
            lastNanos = ticker().nanoTime();
            spinEnd = lastNanos + (credit == 1 ? TRIAL_FACTOR * spinNanos : spinNanos);
        }
        return ready;
    }

    private boolean goesOn(long now) {
        boolean away = now - lastNanos > AWAY_NANOS;
        lastNanos = now;
        if (away) {
            credit = 0;
        } else if (now - spinEnd >= 0) {
            credit = Math.max(0, credit - COST_OF_NOTHING);
        } else {
            return true;
        }
        spinning = false;
        return false;
    }

    private boolean mayPay() {
        if (getNumOfRegisteredChannels() == 0) {
            return false;
        }
        if (credit == 0) {
            credit = 1;
            sleepsLeft = SLEEPS_BETWEEN_TRIALS;
        }
        if (sleepsLeft > 0) {
            sleepsLeft--;
            return false;
        }
        return true;
    }

    private void paid() {
        if (spinning) {
            spinning = false;
            credit = Math.min(credit + 1, MOST_CREDIT);
        }
    }

    /** Handlers of a kind that wait as their event loop says. */
    static IoHandlerFactory handlers(Function<SelectStrategyFactory, IoHandlerFactory> kind) {
        return loop -> kind.apply(() -> (PollingLoop) loop).newHandler(loop);
    }

    static MultiThreadIoEventLoopGroup group(
            int threads, ThreadFactory factory, IoHandlerFactory handlers, long spinNanos) {
        return new MultiThreadIoEventLoopGroup(threads, factory, handlers) {
            @Override
            protected IoEventLoop newChild(Executor executor, IoHandlerFactory handler, Object... args) {
                return new PollingLoop(this, executor, handler, spinNanos);
            }
        };
    }
}
