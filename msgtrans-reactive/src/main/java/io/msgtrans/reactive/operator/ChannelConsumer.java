package io.msgtrans.reactive.operator;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;

/**
 * One subscriber of a channel: takes items from the queue itself, as many as it has demand for, and holds none.
 *
 * <pre>
 *   RUNNING (subscribing)
 *   IDLE --request--> RUNNING --no demand--> IDLE        (another one is woken for what is left)
 *                     RUNNING --no item----> PARKED --offer, request, close--> RUNNING
 *                     RUNNING --signal--> AGAIN --looked again--> RUNNING
 * </pre>
 */
final class ChannelConsumer<T> implements Subscription, Runnable {

    private static final int IDLE = 0;
    private static final int PARKED = 1;
    private static final int RUNNING = 2;
    private static final int AGAIN = 3;

    private final MpmcChannel<T> channel;
    private final CoreSubscriber<? super T> actual;
    private final Scheduler.@Nullable Worker worker;

    /** RUNNING until it is subscribed, so that nothing is signalled before. */
    private volatile int state = RUNNING;

    private static final AtomicIntegerFieldUpdater<ChannelConsumer<?>> STATE = stateUpdater();

    private volatile long requested;
    private static final AtomicLongFieldUpdater<ChannelConsumer<?>> REQUESTED = requestedUpdater();

    private volatile boolean cancelled;
    private volatile @Nullable Throwable badRequest;
    private boolean ended;

    ChannelConsumer(MpmcChannel<T> channel, CoreSubscriber<? super T> actual, Scheduler.@Nullable Worker worker) {
        this.channel = channel;
        this.actual = actual;
        this.worker = worker;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // a class literal has no type arguments
    private static AtomicIntegerFieldUpdater<ChannelConsumer<?>> stateUpdater() {
        return (AtomicIntegerFieldUpdater) AtomicIntegerFieldUpdater.newUpdater(ChannelConsumer.class, "state");
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // a class literal has no type arguments
    private static AtomicLongFieldUpdater<ChannelConsumer<?>> requestedUpdater() {
        return (AtomicLongFieldUpdater) AtomicLongFieldUpdater.newUpdater(ChannelConsumer.class, "requested");
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            badRequest = new IllegalArgumentException("§3.9: request of " + n + " items; demand must be positive");
        } else {
            Operators.addCap(REQUESTED, this, n);
        }
        signal();
    }

    @Override
    public void cancel() {
        cancelled = true;
        signal();
    }

    /** The subscriber knows its subscription. */
    void begin() {
        execute();
    }

    /** Something has changed: a run follows. */
    void signal() {
        while (true) {
            int now = state;
            if (now == AGAIN) {
                return;
            }
            if (now == RUNNING) {
                if (STATE.compareAndSet(this, RUNNING, AGAIN)) {
                    return;
                }
            } else if (STATE.compareAndSet(this, now, RUNNING)) {
                if (now == PARKED) {
                    channel.unpark();
                }
                execute();
                return;
            }
        }
    }

    /** Wakes it if it waits for items. */
    boolean unpark() {
        if (state != PARKED || !STATE.compareAndSet(this, PARKED, RUNNING)) {
            return false;
        }
        channel.unpark();
        execute();
        return true;
    }

    private void execute() {
        if (worker == null) {
            run();
            return;
        }
        try {
            worker.schedule(this);
        } catch (RuntimeException rejected) {
            cancelled = true;
            end();
            actual.onError(rejected);
        }
    }

    // ---- one thread at a time, the one that made the state RUNNING ----

    @Override
    public void run() {
        do {
            emit();
        } while (!ended && !rest());
    }

    /** Gives out items as demanded. */
    private void emit() {
        long demand = requested;
        long emitted = 0;
        while (emitted != demand && !cancelled) {
            T item = channel.poll();
            if (item == null) {
                break;
            }
            if (cancelled) {
                channel.giveBack(item);
                break;
            }
            emitted++;
            try {
                actual.onNext(item);
            } catch (Throwable thrown) {
                Exceptions.throwIfJvmFatal(thrown);
                end();
                actual.onError(thrown);
                return;
            }
        }
        if (emitted != 0 && demand != Long.MAX_VALUE) {
            REQUESTED.addAndGet(this, -emitted);
        }
        Throwable bad = badRequest;
        if (cancelled) {
            end();
        } else if (bad != null) {
            end();
            actual.onError(bad);
        } else if (channel.tryTerminate()) {
            end();
            Throwable error = channel.closeError();
            if (error == null) {
                actual.onComplete();
            } else {
                actual.onError(error);
            }
        }
    }

    /** Leaves the run; false when there is a reason to go on. */
    private boolean rest() {
        if (requested == 0) {
            if (!STATE.compareAndSet(this, RUNNING, IDLE)) {
                state = RUNNING;
                return false;
            }
            if (!channel.isEmpty()) {
                channel.wakeConsumer(); // an offer may have found this one running
            }
            return true;
        }
        channel.park();
        if (!STATE.compareAndSet(this, RUNNING, PARKED)) {
            channel.unpark();
            state = RUNNING;
            return false;
        }
        if (channel.isEmpty() && !channel.isClosed()) {
            return true;
        }
        if (STATE.compareAndSet(this, PARKED, RUNNING)) {
            channel.unpark();
            return false;
        }
        return true; // somebody else runs it
    }

    /** From here on it is neither woken nor counted. */
    private void end() {
        ended = true;
        cancelled = true;
        channel.remove(this);
        release();
    }

    void release() {
        if (worker != null) {
            worker.dispose();
        }
    }
}
