package io.msgtrans.reactive;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.MpmcArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Gives events to any number of subscribers, each with a bounded queue and a worker of its own. Without a subscriber an event
 * costs a look at an empty array; with slow ones it costs an offer that fails.
 */
final class EventHub<E> {

    private static final Watcher<?>[] NONE = {};

    private volatile Watcher<?>[] watchers = NONE;
    /** No more events will come. Guarded by this. */
    private boolean completed;

    boolean isWatched() {
        return watchers.length > 0;
    }

    @SuppressWarnings("unchecked") // only watchers of E are added
    void emit(E event) {
        for (Watcher<?> watcher : watchers) {
            ((Watcher<E>) watcher).offer(event);
        }
    }

    /** No more events will come: subscribers, later ones too, complete when they have got those that wait. */
    void complete() {
        synchronized (this) {
            completed = true;
        }
        for (Watcher<?> watcher : watchers) {
            watcher.completed();
        }
    }

    Flux<E> events(EventOptions options) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super E> actual) {
                Watcher<E> watcher = new Watcher<>(EventHub.this, options, actual);
                actual.onSubscribe(watcher);
                add(watcher);
            }
        };
    }

    private void add(Watcher<E> watcher) {
        synchronized (this) {
            Watcher<?>[] more = Arrays.copyOf(watchers, watchers.length + 1);
            more[watchers.length] = watcher;
            watchers = more;
            if (completed) {
                watcher.completed();
            }
        }
        if (watcher.cancelled) {
            remove(watcher);
        }
    }

    private void remove(Watcher<E> watcher) {
        synchronized (this) {
            watchers = Arrays.stream(watchers).filter(other -> other != watcher).toArray(Watcher<?>[]::new);
        }
    }

    private static final class Watcher<E> implements Subscription, Runnable {
        private final EventHub<E> hub;
        private final EventOptions options;
        private final CoreSubscriber<? super E> actual;
        private final Scheduler.Worker worker = Schedulers.parallel().createWorker();
        private final MpmcArrayQueue<E> queue;
        private final AtomicInteger work = new AtomicInteger();
        private final AtomicLong requested = new AtomicLong();
        private final AtomicLong sent = new AtomicLong();
        private final AtomicLong dropped = new AtomicLong();
        private volatile boolean cancelled;
        private volatile boolean done;
        /** A demand that the specification forbids. */
        private volatile @Nullable Throwable badDemand;
        // Of the worker.
        private long received;
        private boolean ended;

        Watcher(EventHub<E> hub, EventOptions options, CoreSubscriber<? super E> actual) {
            this.hub = hub;
            this.options = options;
            this.actual = actual;
            this.queue = new MpmcArrayQueue<>(options.capacity());
        }

        void offer(E event) {
            sent.getAndIncrement();
            while (!queue.offer(event)) {
                dropped.getAndIncrement();
                if (options.policy() == EventOptions.Policy.DROP_NEWEST) {
                    return;
                }
                queue.poll();
            }
            wake();
        }

        void completed() {
            done = true;
            wake();
        }

        private void wake() {
            if (work.getAndIncrement() == 0) {
                worker.schedule(this);
            }
        }

        @Override
        public void run() {
            int missed = 1;
            while (missed != 0) {
                deliver();
                if (ended) {
                    return; // and work stays above 0, so that nobody wakes the disposed worker
                }
                missed = work.addAndGet(-missed);
            }
        }

        private void deliver() {
            long demand = requested.get();
            long delivered = 0;
            while (!cancelled && badDemand == null && delivered != demand) {
                E event = queue.poll();
                if (event == null) {
                    break;
                }
                delivered++;
                received++;
                actual.onNext(event);
            }
            if (demand != Long.MAX_VALUE) {
                requested.addAndGet(-delivered);
            }
            boolean last = done;
            Throwable thrown = badDemand;
            if (cancelled) {
                end();
            } else if (thrown != null) {
                end();
                actual.onError(thrown);
            } else if (last && queue.isEmpty()) {
                end();
                actual.onComplete();
            }
        }

        private void end() {
            ended = true;
            cancelled = true;
            hub.remove(this);
            options.watcher().accept(new EventStats(sent.get(), received, dropped.get()));
            worker.dispose();
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                badDemand = new IllegalArgumentException("§3.9: request of " + n + " events; demand must be positive");
            } else {
                requested.accumulateAndGet(n, Operators::addCap);
            }
            wake();
        }

        @Override
        public void cancel() {
            cancelled = true;
            wake();
        }
    }
}
