package io.msgtrans.reactive.operator;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/** What may happen to the state word of a batch at the same time: items, the timer, demand, the end, cancel. */
public final class BatchStress {

    private BatchStress() {}

    private static final class Subscriber implements CoreSubscriber<List<Integer>> {
        private final AtomicInteger items = new AtomicInteger();
        private final AtomicInteger discarded = new AtomicInteger();
        private final AtomicInteger ends = new AtomicInteger();

        @Override
        public Context currentContext() {
            return Operators.enableOnDiscard(Context.empty(), item -> discarded.incrementAndGet());
        }

        @Override
        public void onSubscribe(Subscription given) {}

        @Override
        public void onNext(List<Integer> batch) {
            items.addAndGet(batch.size());
        }

        @Override
        public void onError(Throwable error) {
            ends.incrementAndGet();
        }

        @Override
        public void onComplete() {
            ends.incrementAndGet();
        }
    }

    private abstract static class Two {
        final Subscriber subscriber = new Subscriber();
        final BatchSubscriber<Integer> batches =
                new BatchSubscriber<>(Batches.<Integer>ofItems(2).within(Duration.ofHours(1)), subscriber);

        Two() {
            batches.onSubscribe(Operators.emptySubscription());
        }
    }

    /** Items and their end, while demand comes: all are given out, and the end once. */
    @JCStressTest
    @Outcome(id = "3, 1", expect = Expect.ACCEPTABLE, desc = "all, and one end")
    @Outcome(expect = Expect.FORBIDDEN, desc = "items or the end were lost or doubled")
    @State
    public static class ItemsAndDemand extends Two {
        @Actor
        public void publisher() {
            batches.onNext(1);
            batches.onNext(2);
            batches.onNext(3);
            batches.onComplete();
        }

        @Actor
        public void subscriber() {
            batches.request(1);
            batches.request(1);
        }

        @Arbiter
        public void afterwards(II_Result result) {
            result.r1 = subscriber.items.get();
            result.r2 = subscriber.ends.get();
        }
    }

    /** The time runs out while items come and demand is there: none is lost or doubled. */
    @JCStressTest
    @Outcome(id = "3, 1", expect = Expect.ACCEPTABLE, desc = "all, and one end")
    @Outcome(expect = Expect.FORBIDDEN, desc = "items or the end were lost or doubled")
    @State
    public static class ItemsAndTimer extends Two {
        public ItemsAndTimer() {
            batches.request(9);
        }

        @Actor
        public void publisher() {
            batches.onNext(1);
            batches.onNext(2);
            batches.onNext(3);
            batches.onComplete();
        }

        @Actor
        public void timer() {
            batches.due();
        }

        @Arbiter
        public void afterwards(II_Result result) {
            result.r1 = subscriber.items.get();
            result.r2 = subscriber.ends.get();
        }
    }

    /** Cancel while items come: each is given out or discarded, once. */
    @JCStressTest
    @Outcome(id = "3, 0, 3", expect = Expect.ACCEPTABLE, desc = "each was given out or discarded")
    @Outcome(expect = Expect.FORBIDDEN, desc = "an item was lost or doubled, or an end signalled")
    @State
    public static class ItemsAndCancel extends Two {
        public ItemsAndCancel() {
            batches.request(9);
        }

        @Actor
        public void publisher() {
            batches.onNext(1);
            batches.onNext(2);
            batches.onNext(3);
        }

        @Actor
        public void canceller() {
            batches.cancel();
        }

        @Arbiter
        public void afterwards(III_Result result) {
            result.r1 = subscriber.items.get() + subscriber.discarded.get();
            result.r2 = subscriber.ends.get();
            result.r3 = 3;
        }
    }
}
