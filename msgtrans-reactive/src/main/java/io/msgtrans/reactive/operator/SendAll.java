package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A publisher's items on their way into a channel. They are offered on the publisher's thread; those that found no room are held,
 * a window at most, and offered by whoever makes room.
 */
final class SendAll<T> implements CoreSubscriber<T>, Subscription, MpmcChannel.WaitingSend {

    private final MpmcChannel<T> channel;
    private final CoreSubscriber<? super Void> actual;
    private final int window;
    private final AtomicBoolean ended = new AtomicBoolean();
    /** Whether the channel knows that it waits. */
    private final AtomicBoolean registered = new AtomicBoolean();

    private @Nullable Subscription upstream;

    /** Written by the publisher, taken from by whoever makes room; an item leaves it when the channel has it. */
    private @Nullable SpscArrayQueue<T> held;

    private volatile boolean upstreamDone;
    private @Nullable Throwable upstreamError;
    /** Not asked for again yet. Belongs to the publisher's thread while nothing is held, else to whoever makes room. */
    private int accepted;

    SendAll(MpmcChannel<T> channel, CoreSubscriber<? super Void> actual) {
        this.channel = channel;
        this.actual = actual;
        this.window = channel.window();
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            actual.onSubscribe(this);
            subscription.request(window);
        }
    }

    @Override
    public void onNext(T item) {
        if (ended.get()) {
            Operators.onDiscard(item, currentContext());
            return;
        }
        SpscArrayQueue<T> waiting = held;
        if (waiting != null && !waiting.isEmpty()) {
            hold(waiting, item);
            return;
        }
        OfferResult result = channel.offer(item);
        if (result == OfferResult.ACCEPTED) {
            accepted();
        } else if (result == OfferResult.CLOSED) {
            Operators.onDiscard(item, currentContext());
            fail(channel.closedException());
        } else {
            if (waiting == null) {
                waiting = new SpscArrayQueue<>(Math.max(4, window + 1)); // one is accepted and still in it
                held = waiting;
            }
            hold(waiting, item);
        }
    }

    private void hold(SpscArrayQueue<T> waiting, T item) {
        if (!waiting.offer(item)) {
            Operators.onDiscard(item, currentContext());
            fail(new IllegalStateException("the publisher emitted more items than were requested"));
        } else if (registered.compareAndSet(false, true)) {
            try {
                channel.await(this);
            } catch (LimitException tooMany) {
                fail(tooMany);
                discard(waiting);
            }
        }
    }

    @Override
    public boolean retry() {
        SpscArrayQueue<T> waiting = held;
        if (waiting == null) {
            return true;
        }
        do {
            if (!offerHeld(waiting)) {
                return false;
            }
            registered.set(false);
        } while (!waiting.isEmpty() && registered.compareAndSet(false, true));
        if (upstreamDone && waiting.isEmpty()) {
            finish();
        }
        return true;
    }

    /** Offers what is held; false when there is no room. */
    private boolean offerHeld(SpscArrayQueue<T> waiting) {
        for (T item = waiting.peek(); item != null; item = waiting.peek()) {
            if (ended.get()) {
                discard(waiting);
                return true;
            }
            OfferResult result = channel.offerAgain(item);
            if (result == OfferResult.FULL) {
                return false;
            }
            if (result == OfferResult.CLOSED) {
                fail(channel.closedException());
                discard(waiting);
                return true;
            }
            accepted();
            waiting.poll(); // last: from here on the publisher may offer by itself
        }
        return true;
    }

    private void discard(SpscArrayQueue<T> waiting) {
        for (T item = waiting.poll(); item != null; item = waiting.poll()) {
            Operators.onDiscard(item, currentContext());
        }
    }

    private void accepted() {
        if (++accepted >= window - (window >> 2)) {
            int more = accepted;
            accepted = 0;
            if (upstream != null) {
                upstream.request(more);
            }
        }
    }

    @Override
    public void onError(Throwable error) {
        upstreamError = error;
        onComplete();
    }

    @Override
    public void onComplete() {
        upstreamDone = true;
        SpscArrayQueue<T> waiting = held;
        if (waiting == null || waiting.isEmpty()) {
            finish();
        }
    }

    private void finish() {
        if (ended.compareAndSet(false, true)) {
            Throwable error = upstreamError;
            if (error == null) {
                actual.onComplete();
            } else {
                actual.onError(error);
            }
        }
    }

    private void fail(Throwable error) {
        if (ended.compareAndSet(false, true)) {
            if (upstream != null) {
                upstream.cancel();
            }
            actual.onError(error);
        }
    }

    @Override
    public void request(long n) {
        // a Mono<Void> has nothing to give
    }

    @Override
    public void cancel() {
        if (ended.compareAndSet(false, true) && upstream != null) {
            upstream.cancel();
        }
    }
}
