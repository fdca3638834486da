package io.msgtrans.reactive;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * Opens a session for each subscriber within a time, and ends it when there is nobody left to have it: operators between drop what comes
 * behind a cancel, and a session that is dropped stays open for ever.
 */
final class SessionOpening extends Mono<Session> {

    private final Function<Consumer<Session>, Publisher<Session>> steps;
    private final Duration timeout;

    /**
     * @param steps opens a session, tells of it at once, and gives it when it can be used
     * @param timeout behind which it fails with {@link TimeoutException}
     */
    SessionOpening(Function<Consumer<Session>, Publisher<Session>> steps, Duration timeout) {
        this.steps = steps;
        this.timeout = timeout;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Session> actual) {
        Opening opening = new Opening(actual);
        actual.onSubscribe(opening);
        opening.deadline.replace(Schedulers.parallel()
                .schedule(
                        () -> opening.fail(new TimeoutException("not open within " + timeout)),
                        timeout.toNanos(),
                        TimeUnit.NANOSECONDS));
        steps.apply(opening::opened).subscribe(opening);
    }

    private static final class Opening implements CoreSubscriber<Session>, Subscription {

        private static final int WAITING = 0;
        private static final int REQUESTED = 1;
        private static final int READY = 2;
        private static final int OVER = 3;

        private static final AtomicIntegerFieldUpdater<Opening> STATE =
                AtomicIntegerFieldUpdater.newUpdater(Opening.class, "state");

        private final CoreSubscriber<? super Session> actual;
        private final Disposable.Swap deadline = Disposables.swap();
        private final Disposable.Swap source = Disposables.swap();
        private volatile int state;
        private volatile @Nullable Session session;

        Opening(CoreSubscriber<? super Session> actual) {
            this.actual = actual;
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        void opened(Session opened) {
            session = opened;
            if (state == OVER) {
                opened.dispose();
            }
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            source.replace(subscription::cancel);
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Session ready) {
            deadline.dispose();
            session = ready;
            if (STATE.compareAndSet(this, WAITING, READY)) {
                return;
            }
            if (STATE.compareAndSet(this, REQUESTED, OVER)) {
                give(ready);
            } else {
                ready.dispose();
            }
        }

        private void give(Session ready) {
            actual.onNext(ready);
            actual.onComplete();
        }

        @Override
        public void onError(Throwable error) {
            fail(error);
        }

        @Override
        public void onComplete() {
            // behind the session
        }

        void fail(Throwable error) {
            if (STATE.compareAndSet(this, WAITING, OVER) || STATE.compareAndSet(this, REQUESTED, OVER)) {
                release();
                actual.onError(error);
            }
        }

        private void release() {
            deadline.dispose();
            source.dispose();
            Session open = session;
            if (open != null) {
                open.dispose();
            }
        }

        @Override
        public void request(long n) {
            if (!Operators.validate(n) || STATE.compareAndSet(this, WAITING, REQUESTED)) {
                return;
            }
            Session ready = session;
            if (ready != null && STATE.compareAndSet(this, READY, OVER)) {
                give(ready);
            }
        }

        @Override
        public void cancel() {
            int before = STATE.getAndSet(this, OVER);
            if (before != OVER) {
                release();
            }
        }
    }
}
