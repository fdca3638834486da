package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import java.util.concurrent.atomic.AtomicBoolean;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/** One item on its way into a channel, and the Mono that waits for it. */
final class SendOne<T> implements Subscription, MpmcChannel.WaitingSend {

    private final MpmcChannel<T> channel;
    private final T item;
    private final CoreSubscriber<? super Void> actual;
    private final AtomicBoolean done = new AtomicBoolean();

    SendOne(MpmcChannel<T> channel, T item, CoreSubscriber<? super Void> actual) {
        this.channel = channel;
        this.item = item;
        this.actual = actual;
    }

    void start() {
        actual.onSubscribe(this);
        if (done.get()) {
            return;
        }
        OfferResult result = channel.offer(item);
        if (result != OfferResult.FULL) {
            answer(result);
            return;
        }
        try {
            channel.await(this);
        } catch (LimitException tooMany) {
            if (done.compareAndSet(false, true)) {
                actual.onError(tooMany);
            }
        }
    }

    @Override
    public boolean retry() {
        if (done.get()) {
            return true;
        }
        OfferResult result = channel.offerAgain(item);
        if (result == OfferResult.FULL) {
            return false;
        }
        answer(result);
        return true;
    }

    private void answer(OfferResult result) {
        if (!done.compareAndSet(false, true)) {
            return;
        }
        if (result == OfferResult.ACCEPTED) {
            actual.onComplete();
        } else {
            actual.onError(channel.closedException());
        }
    }

    @Override
    public void request(long n) {
        // a Mono<Void> has nothing to give
    }

    @Override
    public void cancel() {
        done.set(true);
    }
}
