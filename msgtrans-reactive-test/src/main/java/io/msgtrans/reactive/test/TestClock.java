package io.msgtrans.reactive.test;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;

/**
 * Event loops whose time can be moved forward: idle time-outs, heartbeats, deadlines of requests, rates and every other time-out of the
 * sessions that run on them come at once instead of in ten minutes.
 *
 * <pre>
 *   try (TestClock clock = TestClock.create()) {
 *       BoundServer server = TransportServer.create().runOn(clock.loops()).listen("mem://orders")...
 *       Session session = TransportClient.create("mem://orders").runOn(clock.loops()).connectNow();
 *       clock.advance(Duration.ofMinutes(10));
 * </pre>
 *
 * <p>Between moves time goes on as usual. What runs by Reactor's schedulers, such as {@code Mono.timeout} and the pauses between
 * reconnects, is moved by {@code VirtualTimeScheduler} instead.
 */
public final class TestClock implements AutoCloseable {

    private static final int EVENT_LOOPS = 2;

    private final AtomicLong moved = new AtomicLong();
    private final EventLoopGroup group = new Loops(this);

    private TestClock() {}

    /** Two event loops of this clock, with sockets by NIO. */
    public static TestClock create() {
        return new TestClock();
    }

    /** To give to {@code runOn} of servers and clients. {@link #close} ends them. */
    public LoopResources loops() {
        return onServer -> group;
    }

    /**
     * Moves the time of all event loops forward, and returns when they have done what was due by then; what that caused them to
     * schedule is done as it comes due.
     *
     * @throws IllegalArgumentException when it is to go backward
     * @throws IllegalStateException on one of these event loops, which cannot wait for itself
     */
    public void advance(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time does not go backward: " + time);
        }
        for (EventExecutor loop : group) {
            if (loop.inEventLoop()) {
                throw new IllegalStateException("an event loop cannot wait for itself");
            }
        }
        moved.addAndGet(time.toNanos());
        for (int round = 0; round < 2; round++) { // the second for what one loop gave the other to do
            for (EventExecutor loop : group) {
                // What is scheduled there for now runs behind all that was due; a submitted task could run before.
                Promise<Void> done = loop.newPromise();
                loop.execute(() -> loop.schedule(() -> done.setSuccess(null), 0, TimeUnit.NANOSECONDS));
                done.syncUninterruptibly();
            }
        }
    }

    private Ticker ticker() {
        return new Ticker() {
            @Override
            public long initialNanoTime() {
                return Ticker.systemTicker().initialNanoTime();
            }

            @Override
            public long nanoTime() {
                return Ticker.systemTicker().nanoTime() + moved.get();
            }

            @Override
            public void sleep(long delay, TimeUnit unit) throws InterruptedException {
                Ticker.systemTicker().sleep(delay, unit);
            }
        };
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }

    private static final class Loops extends MultiThreadIoEventLoopGroup {

        Loops(TestClock clock) {
            super(EVENT_LOOPS, new DefaultThreadFactory("test-clock", true), NioIoHandler.newFactory(), clock);
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory factory, Object... arguments) {
            return new Loop(this, executor, factory, (TestClock) arguments[0]);
        }
    }

    private static final class Loop extends SingleThreadIoEventLoop {

        private final @Nullable TestClock clock;
        private final Ticker ticker;

        Loop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory factory, TestClock clock) {
            super(parent, executor, factory);
            this.clock = clock;
            this.ticker = clock.ticker();
        }

        @Override
        public Ticker ticker() {
            return clock == null ? Ticker.systemTicker() : ticker; // the constructor above asks before they are set
        }

        /** The selector waits by the system's time. */
        @Override
        protected long delayNanos(long currentTimeNanos) {
            return super.delayNanos(clock == null ? currentTimeNanos : currentTimeNanos + clock.moved.get());
        }
    }
}
