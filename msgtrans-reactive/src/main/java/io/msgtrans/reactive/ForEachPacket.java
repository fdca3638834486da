package io.msgtrans.reactive;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * {@code doOnNext(consumer).then()} in one step: between a session and the consumer stands one short method, and none of the hooks for
 * discarded elements, which the compiler otherwise has to see through before it can leave out a packet that is not kept.
 */
final class ForEachPacket extends Mono<Void> {

    private final Flux<Packet> source;
    private final Consumer<? super Packet> consumer;

    ForEachPacket(Flux<Packet> source, Consumer<? super Packet> consumer) {
        this.source = source;
        this.consumer = Objects.requireNonNull(consumer, "consumer");
    }

    @Override
    public void subscribe(CoreSubscriber<? super Void> actual) {
        source.subscribe(new PacketSubscriber(actual, consumer));
    }

    private static final class PacketSubscriber implements CoreSubscriber<Packet>, Subscription {

        private final CoreSubscriber<? super Void> actual;
        private final Consumer<? super Packet> consumer;
        private @Nullable Subscription upstream;
        private boolean done;

        PacketSubscriber(CoreSubscriber<? super Void> actual, Consumer<? super Packet> consumer) {
            this.actual = actual;
            this.consumer = consumer;
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
                subscription.request(Long.MAX_VALUE);
            }
        }

        @Override
        public void onNext(Packet packet) {
            if (done) {
                Operators.onNextDropped(packet, currentContext());
                return;
            }
            try {
                consumer.accept(packet);
            } catch (Throwable thrown) { // names no packet, so that none need exist for this
                onError(Operators.onOperatorError(present(), thrown, currentContext()));
            }
        }

        private Subscription present() {
            return Objects.requireNonNull(upstream); // there are no signals before it
        }

        @Override
        public void onError(Throwable error) {
            if (done) {
                Operators.onErrorDropped(error, currentContext());
                return;
            }
            done = true;
            actual.onError(error);
        }

        @Override
        public void onComplete() {
            if (!done) {
                done = true;
                actual.onComplete();
            }
        }

        @Override
        public void request(long n) {
            Operators.validate(n); // a Mono<Void> has nothing to give
        }

        @Override
        public void cancel() {
            present().cancel();
        }
    }
}
