package io.msgtrans.reactive.operator;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.OfferResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/** The channel beside a queue, with offers, polls, demand of a subscriber, and a close. */
class MpmcChannelPropertyTest {

    private static final int CAPACITY = 8;

    private static final class Consumer extends BaseSubscriber<Integer> {
        private final List<Integer> got = new ArrayList<>();
        private boolean completed;

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // what is demanded is a step
        }

        @Override
        protected void hookOnNext(Integer item) {
            got.add(item);
        }

        @Override
        protected void hookOnComplete() {
            completed = true;
        }
    }

    /** @param steps 0 to 5 offer, 6 and 7 poll, 8 and 9 demand one or two */
    @Property
    void nothingIsLostTwiceOrOutOfOrder(@ForAll @Size(max = 120) List<@IntRange(max = 9) Integer> steps) {
        MpmcChannel<Integer> channel = MpmcChannel.mpmc(CAPACITY);
        Consumer consumer = new Consumer();
        channel.receive().subscribe(consumer);
        Queue<Integer> model = new ArrayDeque<>();
        List<Integer> expected = new ArrayList<>();
        int demand = 0;
        int next = 0;
        for (int step : steps) {
            if (step < 6) {
                OfferResult result = channel.offer(next);
                assertThat(result).isEqualTo(model.size() < CAPACITY ? OfferResult.ACCEPTED : OfferResult.FULL);
                if (result == OfferResult.ACCEPTED) {
                    model.add(next++);
                }
            } else if (step < 8) {
                assertThat(channel.poll()).isEqualTo(model.poll());
            } else {
                demand += step - 7;
                consumer.request(step - 7);
            }
            for (; demand > 0 && !model.isEmpty(); demand--) {
                expected.add(model.remove());
            }
            assertThat(consumer.got).isEqualTo(expected);
        }
        channel.close();
        assertThat(channel.offer(next)).isEqualTo(OfferResult.CLOSED);
        consumer.request(CAPACITY);
        expected.addAll(model);
        assertThat(consumer.got).isEqualTo(expected);
        assertThat(consumer.completed).isTrue();
    }
}
