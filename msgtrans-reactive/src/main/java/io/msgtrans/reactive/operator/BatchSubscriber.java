package io.msgtrans.reactive.operator;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.function.ToLongFunction;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.util.context.Context;

/**
 * Batches on one atomic word, which says everything that the publisher's thread, the subscriber's and the timer's must agree on:
 *
 * <pre>
 *   | demand in batches: 31 bits | items held: 25 bits | WORKING MISSED DONE CANCELLED DUE HEAVY TIMER ENDED |
 * </pre>
 *
 * <p>Whoever makes a batch possible (the item that fills it, the timer, the subscriber that asks, the end) sets WORKING and
 * gives batches out; who finds it set leaves MISSED behind. An item that completes nothing costs a place in the queue and one
 * addition to the word. One timer at most is under way; one that finds a younger batch goes on waiting for that.
 */
final class BatchSubscriber<T> implements CoreSubscriber<T>, Subscription, Runnable {

    private static final long WORKING = 1;
    private static final long MISSED = 1 << 1;
    private static final long DONE = 1 << 2;
    private static final long CANCELLED = 1 << 3;
    /** The batch that is held is old enough. */
    private static final long DUE = 1 << 4;
    /** What is held is heavy enough. */
    private static final long HEAVY = 1 << 5;
    /** A timer is under way. */
    private static final long TIMER = 1 << 6;
    /** The subscriber has been told the end. */
    private static final long ENDED = 1 << 7;

    private static final int ITEM_SHIFT = 8;
    private static final long ITEM = 1L << ITEM_SHIFT;
    private static final long ITEMS = (1L << 25) - 1;
    private static final int DEMAND_SHIFT = 33;
    private static final long UNBOUNDED = (1L << 31) - 1;

    private final Batches<T> batches;
    private final CoreSubscriber<? super List<T>> actual;
    private final SpscArrayQueue<T> queue;
    private final Scheduler.@Nullable Worker timer;
    private final long withinNanos;

    private volatile long state;

    @SuppressWarnings({"unchecked", "rawtypes"}) // a class literal has no type arguments
    private static final AtomicLongFieldUpdater<BatchSubscriber<?>> STATE =
            (AtomicLongFieldUpdater) AtomicLongFieldUpdater.newUpdater(BatchSubscriber.class, "state");

    private final AtomicLong weight = new AtomicLong();

    /** When the batch that is held is due. Written by whoever begins it. */
    private volatile long dueNanos;

    private @Nullable Subscription upstream;
    /** Written before DONE. */
    private @Nullable Throwable error;

    BatchSubscriber(Batches<T> batches, CoreSubscriber<? super List<T>> actual) {
        this.batches = batches;
        this.actual = actual;
        this.queue = new SpscArrayQueue<>(Math.max(4, 2 * batches.maxItems));
        this.timer = batches.within == null ? null : batches.scheduler.createWorker();
        this.withinNanos = batches.within == null ? 0 : batches.within.toNanos();
    }

    private static long items(long word) {
        return word >>> ITEM_SHIFT & ITEMS;
    }

    private static long demand(long word) {
        return word >>> DEMAND_SHIFT;
    }

    private static boolean has(long word, long flag) {
        return (word & flag) != 0;
    }

    private long nowNanos() {
        return batches.scheduler.now(TimeUnit.NANOSECONDS);
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    // ---- the publisher's thread ----

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            actual.onSubscribe(this);
            subscription.request(2L * batches.maxItems);
        }
    }

    @Override
    public void onNext(T item) {
        long word = state;
        if (has(word, DONE | CANCELLED)) {
            Operators.onDiscard(item, currentContext());
            return;
        }
        boolean heavy = weigh(item);
        if (items(word) == 0) {
            startWaiting();
        }
        if (!queue.offer(item)) {
            Operators.onDiscard(item, currentContext());
            cancelUpstream();
            onError(new IllegalStateException("the publisher emitted more items than were requested"));
            return;
        }
        word = STATE.addAndGet(this, ITEM);
        if (items(word) == 1 && !has(word, TIMER)) {
            startWaiting(); // the batch before has just been given out
            armTimer();
        }
        if (has(word, CANCELLED) || heavy || items(word) == batches.maxItems || items(word) == 2L * batches.maxItems) {
            work(heavy ? HEAVY : 0);
        }
    }

    private boolean weigh(T item) {
        ToLongFunction<? super T> weigher = batches.weigher;
        return weigher != null && weight.addAndGet(weigher.applyAsLong(item)) >= batches.maxWeight;
    }

    @Override
    public void onError(Throwable thrown) {
        if (has(state, DONE)) {
            Operators.onErrorDropped(thrown, currentContext());
            return;
        }
        error = thrown;
        work(DONE);
    }

    @Override
    public void onComplete() {
        work(DONE);
    }

    // ---- time ----

    private void startWaiting() {
        if (timer != null) {
            dueNanos = nowNanos() + withinNanos;
        }
    }

    private void armTimer() {
        Scheduler.Worker worker = timer;
        if (worker == null) {
            return;
        }
        while (true) {
            long word = state;
            if (has(word, TIMER | CANCELLED | ENDED)) {
                return;
            }
            if (STATE.compareAndSet(this, word, word | TIMER)) {
                schedule(worker, withinNanos);
                return;
            }
        }
    }

    private void schedule(Scheduler.Worker worker, long delayNanos) {
        try {
            worker.schedule(this, delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException rejected) {
            if (!has(state, CANCELLED | ENDED)) {
                cancelUpstream();
                onError(Operators.onRejectedExecution(rejected, currentContext()));
            }
        }
    }

    /** The timer. */
    @Override
    public void run() {
        while (true) {
            long word = state;
            long leftNanos = dueNanos - nowNanos();
            if (items(word) > 0 && leftNanos > 0 && !has(word, CANCELLED) && timer != null) {
                schedule(timer, leftNanos);
                return;
            }
            if (STATE.compareAndSet(this, word, word & ~TIMER)) {
                due();
                return;
            }
        }
    }

    /** As the timer does when the time of what is held is over. */
    void due() {
        if (items(state) > 0) {
            work(DUE);
        }
    }

    // ---- the subscriber's thread ----

    @Override
    public void request(long n) {
        if (n <= 0) {
            cancelUpstream();
            onError(new IllegalArgumentException("§3.9: request of " + n + " batches; demand must be positive"));
            return;
        }
        while (true) {
            long word = state;
            long sum = demand(word) == UNBOUNDED || n >= UNBOUNDED ? UNBOUNDED : Math.min(UNBOUNDED, demand(word) + n);
            if (STATE.compareAndSet(this, word, (word & ((1L << DEMAND_SHIFT) - 1)) | (sum << DEMAND_SHIFT))) {
                if (demand(word) == 0) {
                    work(0);
                }
                return;
            }
        }
    }

    @Override
    public void cancel() {
        cancelUpstream();
        work(CANCELLED);
    }

    private void cancelUpstream() {
        if (upstream != null) {
            upstream.cancel();
        }
    }

    // ---- one thread at a time: who set WORKING ----

    private void work(long reason) {
        while (true) {
            long word = state;
            if (STATE.compareAndSet(this, word, word | reason | (has(word, WORKING) ? MISSED : WORKING))) {
                if (has(word, WORKING)) {
                    return;
                }
                break;
            }
        }
        while (true) {
            long word = state;
            if (has(word, CANCELLED | ENDED)) {
                discard();
            } else if (has(word, DONE) && error != null) {
                end();
                continue;
            } else if (isReady(word)) {
                giveOut();
                continue;
            } else if (has(word, DONE) && items(word) == 0) {
                end();
                continue;
            }
            if (STATE.compareAndSet(this, word, word & ~(has(word, MISSED) ? MISSED : WORKING)) && !has(word, MISSED)) {
                return;
            }
        }
    }

    private boolean isReady(long word) {
        return demand(word) > 0
                && items(word) > 0
                && (items(word) >= batches.maxItems || has(word, DUE | HEAVY | DONE));
    }

    private void giveOut() {
        long before = state;
        int available = (int) Math.min(items(before), batches.maxItems);
        boolean waited = has(before, DUE) || items(before) > batches.maxItems; // for demand
        List<T> batch = new ArrayList<>(available);
        ToLongFunction<? super T> weigher = batches.weigher;
        long taken = 0;
        while (batch.size() < available) {
            T item = queue.peek();
            if (item == null) {
                break;
            }
            long more = weigher == null ? 0 : weigher.applyAsLong(item);
            if (!batch.isEmpty() && taken + more > batches.maxWeight) {
                break;
            }
            taken += more;
            batch.add(item);
            queue.poll();
        }
        long weightLeft = weigher == null ? 0 : weight.addAndGet(-taken);
        if (!waited) {
            // What is left, if anything, came with the item that completed the batch; else it keeps its time.
            startWaiting();
        }
        long word = given(batch.size(), weightLeft >= batches.maxWeight);
        if (items(word) > 0 && !has(word, TIMER)) {
            armTimer();
        }
        try {
            actual.onNext(batch);
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            cancelUpstream();
            error = thrown;
            STATE.getAndUpdate(this, now -> now | DONE);
            return;
        }
        if (upstream != null) {
            upstream.request(batch.size());
        }
    }

    /** Notes that a batch is given out; gives the word after that. */
    private long given(int items, boolean heavy) {
        while (true) {
            long word = state;
            long next = word - items * ITEM;
            if (demand(word) != UNBOUNDED) {
                next -= 1L << DEMAND_SHIFT;
            }
            next = heavy ? next | HEAVY : next & ~HEAVY;
            next = items(next) == 0 ? next & ~DUE : next;
            if (STATE.compareAndSet(this, word, next)) {
                return next;
            }
        }
    }

    private void end() {
        STATE.getAndUpdate(this, now -> now | ENDED);
        discard();
        if (timer != null) {
            timer.dispose();
        }
        Throwable thrown = error;
        if (thrown == null) {
            actual.onComplete();
        } else {
            actual.onError(thrown);
        }
    }

    private void discard() {
        for (T item = queue.poll(); item != null; item = queue.poll()) {
            Operators.onDiscard(item, currentContext());
        }
        if (timer != null) {
            timer.dispose();
        }
    }
}
