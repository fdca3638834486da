package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.OfferResult;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/** What may happen to a channel at the same time. */
public final class ChannelStress {

    private static final long SETTLED_NANOS = 200_000_000;

    private ChannelStress() {}

    /**
     * Waits for what a third thread may still be about: the look that a channel takes again some time after its first subscriber
     * or waiting send. Whoever sleeps over an item, or over room, does so after that too.
     */
    private static void settle(BooleanSupplier done) {
        long endNanos = System.nanoTime() + SETTLED_NANOS;
        while (!done.getAsBoolean() && System.nanoTime() < endNanos) {
            Thread.onSpinWait();
        }
    }

    private static final class Consumer implements CoreSubscriber<Integer> {
        private final AtomicInteger items = new AtomicInteger();
        private final AtomicInteger ends = new AtomicInteger();
        private Subscription subscription;

        @Override
        public void onSubscribe(Subscription given) {
            subscription = given;
        }

        @Override
        public void onNext(Integer item) {
            items.incrementAndGet();
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

    private abstract static class One {
        final MpmcChannel<Integer> channel = MpmcChannel.mpmc(4);
        final Consumer consumer = new Consumer();

        One() {
            channel.receive().subscribe(consumer);
        }
    }

    /** Two threads offer while the consumer asks: nobody sleeps over an item. */
    @JCStressTest
    @Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "both were given out")
    @Outcome(expect = Expect.FORBIDDEN, desc = "an item waits though there is demand")
    @State
    public static class OffersAndDemand extends One {
        @Actor
        public void first() {
            channel.offer(1);
        }

        @Actor
        public void second() {
            channel.offer(2);
        }

        @Actor
        public void consumer() {
            consumer.subscription.request(5);
        }

        @Arbiter
        public void afterwards(II_Result result) {
            settle(() -> consumer.items.get() == 2);
            result.r1 = consumer.items.get();
            result.r2 = channel.size();
        }
    }

    /** An offer at the same time as the close is given out, or answered CLOSED, and the consumer ends once. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "as it was answered, and ended once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "accepted and lost, refused and given out, or not ended once")
    @State
    public static class OfferAndClose extends One {
        private boolean accepted;

        public OfferAndClose() {
            consumer.subscription.request(5);
        }

        @Actor
        public void producer() {
            accepted = channel.offer(1) == OfferResult.ACCEPTED;
        }

        @Actor
        public void closer() {
            channel.close();
        }

        @Arbiter
        public void afterwards(II_Result result) {
            settle(() -> consumer.ends.get() == 1);
            result.r1 = consumer.items.get() == (accepted ? 1 : 0) ? 1 : 0;
            result.r2 = consumer.ends.get();
        }
    }

    /** A consumer that cancels leaves its items to the other, and its wake-up too. */
    @JCStressTest
    @Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "both items were given to one or the other")
    @Outcome(expect = Expect.FORBIDDEN, desc = "an item was lost, doubled, or waits")
    @State
    public static class CancelAndOffers extends One {
        private final Consumer other = new Consumer();

        public CancelAndOffers() {
            channel.receive().subscribe(other);
            consumer.subscription.request(5);
            other.subscription.request(5);
        }

        @Actor
        public void producer() {
            channel.offer(1);
            channel.offer(2);
        }

        @Actor
        public void canceller() {
            consumer.subscription.cancel();
        }

        @Arbiter
        public void afterwards(I_Result result) {
            settle(() -> consumer.items.get() + other.items.get() == 2);
            result.r1 = consumer.items.get() + other.items.get();
        }
    }

    /** A send that waits for room is woken by whoever makes it. */
    @JCStressTest
    @Outcome(id = "1, 4", expect = Expect.ACCEPTABLE, desc = "accepted into the room that was made")
    @Outcome(expect = Expect.FORBIDDEN, desc = "it waits though there is room")
    @State
    public static class SendAndPoll {
        private final MpmcChannel<Integer> channel = MpmcChannel.mpmc(4);
        private final AtomicInteger sent = new AtomicInteger();

        public SendAndPoll() {
            channel.fill(() -> 0, 4);
            channel.send(8).subscribe().dispose(); // from here on polls look for sends
        }

        @Actor
        public void sender() {
            channel.send(9).subscribe(null, null, sent::incrementAndGet);
        }

        @Actor
        public void poller() {
            channel.poll();
        }

        @Arbiter
        public void afterwards(II_Result result) {
            settle(() -> sent.get() == 1);
            result.r1 = sent.get();
            result.r2 = channel.size();
        }
    }
}
