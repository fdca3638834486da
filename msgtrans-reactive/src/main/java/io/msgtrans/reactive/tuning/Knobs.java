package io.msgtrans.reactive.tuning;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.operator.Workers;
import io.msgtrans.reactive.pool.PoolStats;
import io.msgtrans.reactive.pool.SessionPool;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The knobs of what this library has. Bounds are the user's. */
public final class Knobs {

    private static final double BUSY = 0.5;
    private static final double MEMORY_IS_SHORT = 0.8;
    private static final double PERCENT = 100;

    private Knobs() {}

    /**
     * {@code writeDelay} of a server's sessions in microseconds, from 0: longer while packets leave one by one and processors are
     * busy, shorter when that does not matter. Kept only when a packet costs 5 % less processor time.
     *
     * @param most of the delay, which is also what an answer may take longer
     */
    public static Knob writeDelay(BoundServer server, Duration most) {
        return new BoundedKnob(
                "writeDelay",
                "us",
                0,
                TimeUnit.NANOSECONDS.toMicros(most.toNanos()),
                () -> TimeUnit.NANOSECONDS.toMicros(
                        server.sessionOptions().writeDelay().toNanos()),
                micros -> server.reconfigure(options -> options.writeDelay(Duration.of(micros, ChronoUnit.MICROS)))) {

            private static final double SINGLE = 2;
            private static final double WORTH_SAVING = 0.3;
            private static final double MANY_PER_SECOND = 5000;
            private static final long FIRST_MICROS = 100;
            private static final double WORTH = 0.95;

            @Override
            public @Nullable Proposal propose(Situation now) {
                boolean many = now.packetsOut() > MANY_PER_SECOND && now.packetsPerWrite() > 0;
                if (many && now.packetsPerWrite() < SINGLE && now.cpu() > WORTH_SAVING) {
                    return new Proposal(
                            Math.max(FIRST_MICROS, value() * 2),
                            text(
                                    "%.1f packets go into one write at %.0f %% CPU; waiting for more saves system calls",
                                    now.packetsPerWrite(), now.cpu() * PERCENT));
                }
                boolean needless = now.cpu() < WORTH_SAVING / 2 || !many;
                return value() > 0 && needless
                        ? new Proposal(
                                value() > FIRST_MICROS ? value() / 2 : 0,
                                text(
                                        "%.0f %% CPU, %.1f packets per write: the wait is not needed",
                                        now.cpu() * PERCENT, now.packetsPerWrite()))
                        : null;
            }

            @Override
            public @Nullable String regret(long from, long to, Situation before, Situation after) {
                if (to < from) {
                    return null;
                }
                double cost = after.cpu() / Math.max(1, after.packets());
                double costBefore = before.cpu() / Math.max(1, before.packets());
                return cost > WORTH * costBefore
                        ? text("a packet costs %.0f %% of the processor time of before", PERCENT * cost / costBefore)
                        : null;
            }
        };
    }

    /** {@code writeBatch} of a server's sessions: larger while a delay is set and batches are full before it is over. */
    public static Knob writeBatch(BoundServer server, int least, int most) {
        return new BoundedKnob(
                "writeBatch",
                "packets",
                least,
                most,
                () -> server.sessionOptions().writeBatch(),
                packets -> server.reconfigure(options -> options.writeBatch((int) packets))) {

            private static final double FULL = 0.8;

            @Override
            public @Nullable Proposal propose(Situation now) {
                boolean delays = !server.sessionOptions().writeDelay().isZero();
                return delays && now.packetsPerWrite() > FULL * value() && value() < most()
                        ? new Proposal(
                                value() * 2,
                                text(
                                        "%.0f packets per write: batches are full before the delay is over",
                                        now.packetsPerWrite()))
                        : null;
            }
        };
    }

    /** {@code inboundPackets} of a server's sessions: more while handlers fall behind in bursts, fewer when memory is short. */
    public static Knob inboundPackets(BoundServer server, int least, int most) {
        return new BoundedKnob(
                "inboundPackets",
                "packets",
                least,
                most,
                () -> server.sessionOptions().inboundPackets(),
                packets -> server.reconfigure(options -> options.inboundPackets((int) packets))) {

            @Override
            public @Nullable Proposal propose(Situation now) {
                if (now.memory() > MEMORY_IS_SHORT && value() > least()) {
                    return new Proposal(value() / 2, text("%.0f %% of the memory is in use", now.memory() * PERCENT));
                }
                boolean someStall = now.stalled() > 0 && now.stalled() < now.sessions() / 2;
                return someStall && now.memory() < BUSY && value() < most()
                        ? new Proposal(
                                value() * 2,
                                text(
                                        "%.1f of %.0f sessions wait for their handler; a larger window takes the bursts",
                                        now.stalled(), now.sessions()))
                        : null;
            }
        };
    }

    /** Sessions of a pool at most: more while callers wait, fewer while most are idle. */
    public static Knob poolSize(SessionPool pool, int least, int most) {
        return new BoundedKnob(
                "pool size",
                "sessions",
                least,
                most,
                () -> pool.options().maxSessions(),
                sessions -> pool.resize(Math.min(pool.options().minSessions(), (int) sessions), (int) sessions)) {

            private static final double IDLE = 0.5;

            @Override
            public @Nullable Proposal propose(Situation now) {
                PoolStats stats = pool.stats();
                if (stats.waiting() > 0 && stats.open() >= value() && value() < most()) {
                    return new Proposal(
                            value() * 2, text("%d callers wait for one of %d sessions", stats.waiting(), stats.open()));
                }
                return stats.waiting() == 0
                                && stats.open() >= value()
                                && stats.idle() > IDLE * stats.open()
                                && value() > least()
                        ? new Proposal(value() / 2, text("%d of %d sessions are idle", stats.idle(), stats.open()))
                        : null;
            }
        };
    }

    /** Threads of workers: more while pipelines wait and processors are free, fewer when threads only take turns. */
    public static Knob workers(Workers workers, int least, int most) {
        return new BoundedKnob(
                "workers", "threads", least, most, workers::parallelism, threads -> workers.resize((int) threads)) {

            private static final double NO_PROCESSOR_LEFT = 0.9;

            @Override
            public @Nullable Proposal propose(Situation now) {
                int waiting = workers.waiting();
                if (waiting > value() && now.cpu() < BUSY && value() < most()) {
                    return new Proposal(
                            value() * 2,
                            text(
                                    "%d pipelines wait for a thread at %.0f %% CPU: threads block",
                                    waiting, now.cpu() * PERCENT));
                }
                return now.cpu() > NO_PROCESSOR_LEFT
                                && value() > 2L * Runtime.getRuntime().availableProcessors()
                                && value() > least()
                        ? new Proposal(
                                value() / 2,
                                text("%.0f %% CPU: more threads than processors only take turns", now.cpu() * PERCENT))
                        : null;
            }
        };
    }

    /**
     * Gives back memory that Netty's pooled allocator keeps for each event loop, when memory is short; its value is how often that
     * was done. The adaptive allocator, which is the default, keeps none for long and gives it back by itself.
     */
    public static Knob trimBuffers(BoundServer server, PooledByteBufAllocator allocator) {
        long[] trims = {0};
        return new BoundedKnob("trim buffers", "times", 0, Long.MAX_VALUE, () -> trims[0], times -> {
            trims[0] = times;
            for (EventExecutor loop : server.eventLoops()) {
                loop.execute(allocator::trimCurrentThreadCache);
            }
        }) {

            @Override
            public @Nullable Proposal propose(Situation now) {
                return now.direct() > MEMORY_IS_SHORT
                        ? new Proposal(
                                value() + 1, text("%.0f %% of the direct memory is in use", now.direct() * PERCENT))
                        : null;
            }
        };
    }
}
