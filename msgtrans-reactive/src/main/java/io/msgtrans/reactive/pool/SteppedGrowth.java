package io.msgtrans.reactive.pool;

import java.util.function.IntSupplier;
import reactor.pool.AllocationStrategy;

/**
 * How many sessions a pool may have: a target that goes up by the growth factors and down again. Permits are sessions that are
 * open or being opened.
 */
final class SteppedGrowth implements AllocationStrategy {

    private static final int PARALLEL_CONNECTS = 16;

    private final IntSupplier inUse;
    // Guarded by this.
    private PoolOptions options;
    private int target;
    private int granted;
    /** How many factors were used. */
    private int steps;

    private long grown;
    private long shrunk;

    /** @param inUse how many sessions are in use */
    SteppedGrowth(PoolOptions options, IntSupplier inUse) {
        this.options = options;
        this.inUse = inUse;
        this.target = options.minSessions();
    }

    /** Grows by a step if one more user would be above the threshold; whether there are sessions to be opened. */
    synchronized boolean grow(int users) {
        if (users + 1 > options.growAbove() * target && target < options.maxSessions()) {
            step();
            return true;
        }
        return false;
    }

    private void step() {
        double factor = options.growthFactors()
                .get(Math.min(steps, options.growthFactors().size() - 1));
        target = (int) Math.min(options.maxSessions(), Math.max(target + 1, Math.ceil(target * factor)));
        steps++;
        grown++;
    }

    /** Shrinks by a step if so many users are below the threshold. */
    synchronized void shrink(int users) {
        if (users < options.shrinkBelow() * target && target > options.minSessions()) {
            steps = Math.max(0, steps - 1);
            double factor = options.growthFactors()
                    .get(Math.min(steps, options.growthFactors().size() - 1));
            target = (int) Math.max(options.minSessions(), Math.min(target - 1, Math.floor(target / factor)));
            shrunk++;
        }
    }

    /**
     * Other bounds from now on; what is above them goes when it is idle.
     *
     * @param users who have a session, or wait for one
     */
    synchronized void resize(PoolOptions changed, int users) {
        options = changed;
        target = Math.max(changed.minSessions(), Math.min(changed.maxSessions(), Math.max(target, users)));
    }

    /** Whether an idle session is more than is wanted. */
    synchronized boolean isAboveTarget() {
        return granted > target;
    }

    synchronized boolean isAboveMinimum() {
        return granted > options.minSessions();
    }

    synchronized long grown() {
        return grown;
    }

    synchronized long shrunk() {
        return shrunk;
    }

    /** How many sessions are missing to the target. */
    synchronized int missing() {
        return Math.max(0, target - granted);
    }

    /** For a caller: one, and what a step adds. Without one, for a warm-up: one at a time. */
    @Override
    public synchronized int getPermits(int desired) {
        if (desired > 0) {
            grow(inUse.getAsInt());
        }
        int wanted = desired > 0 && options.start() != PoolOptions.Start.LAZY ? missing() : Math.max(1, desired);
        int given = Math.min(wanted, missing());
        granted += given;
        return given;
    }

    @Override
    public synchronized void returnPermits(int returned) {
        granted -= returned;
    }

    @Override
    public synchronized int estimatePermitCount() {
        return options.maxSessions() - granted;
    }

    @Override
    public synchronized int permitGranted() {
        return granted;
    }

    @Override
    public synchronized int permitMinimum() {
        return options.minSessions();
    }

    @Override
    public synchronized int permitMaximum() {
        return options.maxSessions();
    }

    @Override
    public int warmupParallelism() {
        return PARALLEL_CONNECTS;
    }
}
