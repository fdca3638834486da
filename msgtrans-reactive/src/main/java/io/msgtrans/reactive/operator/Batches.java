package io.msgtrans.reactive.operator;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Collects items into lists: a batch is complete when it has so many items, or such a weight, or its first item is so old,
 * whichever comes first. Immutable: each method returns a changed copy.
 *
 * <pre>
 *   items    --1-2-3-4------5--------------|
 *                                                 Batches.ofItems(3).within(20 ms)
 *   batches  -------[1,2,3]------[4,5]-----|
 * </pre>
 *
 * <pre>{@code flux.transform(Batches.<Reading>ofItems(500).within(Duration.ofMillis(20))::of)}</pre>
 *
 * <p><b>Demand.</b> A batch that is complete waits for demand; a time-out without demand fails nothing. Twice the items of a
 * batch are held at most, so a publisher that has no demand below is soon not asked any more. Until a batch that waits is given
 * out it takes more items, up to its size.
 *
 * <p><b>Threads.</b> Batches are signalled by the thread of the item that completed them, by the scheduler's for those that
 * time out, or by the one that requests. <b>Order</b> is kept. <b>Cancel</b> and <b>error</b> drop what is held to Reactor's
 * discard hook; completion gives out the rest first.
 */
public final class Batches<T> {

    private static final int MAX_ITEMS = 1 << 20;
    private static final Duration LONGEST = Duration.ofHours(1);

    final int maxItems;
    final @Nullable Duration within;
    final @Nullable ToLongFunction<? super T> weigher;
    final long maxWeight;
    final Scheduler scheduler;

    private Batches(
            int maxItems,
            @Nullable Duration within,
            @Nullable ToLongFunction<? super T> weigher,
            long maxWeight,
            Scheduler scheduler) {
        this.maxItems = maxItems;
        this.within = within;
        this.weigher = weigher;
        this.maxWeight = maxWeight;
        this.scheduler = scheduler;
    }

    /** Batches of at most so many items, 1..2^20. */
    public static <T> Batches<T> ofItems(int maxItems) {
        if (maxItems < 1 || maxItems > MAX_ITEMS) {
            throw new IllegalArgumentException("maxItems " + maxItems + " is outside 1.." + MAX_ITEMS);
        }
        return new Batches<>(maxItems, null, null, Long.MAX_VALUE, Schedulers.parallel());
    }

    /** Completes a batch when its first item is so old, 1 ms..1 h; by default never. */
    public Batches<T> within(Duration time) {
        if (time.toMillis() < 1 || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("within " + time + " is outside 1 ms.." + LONGEST);
        }
        return new Batches<>(maxItems, time, weigher, maxWeight, scheduler);
    }

    /**
     * Completes a batch before its items weigh more; one that weighs more by itself is a batch of its own.
     *
     * @param weigher weight of an item, for example its bytes; 0 or more, the same each time, called twice per item
     * @param maxWeight 1 or more
     */
    public Batches<T> weighing(ToLongFunction<? super T> weigher, long maxWeight) {
        if (maxWeight < 1) {
            throw new IllegalArgumentException("maxWeight " + maxWeight + " is not positive");
        }
        return new Batches<>(maxItems, within, Objects.requireNonNull(weigher, "weigher"), maxWeight, scheduler);
    }

    /** Where time-outs run; default {@code Schedulers.parallel()}. */
    public Batches<T> on(Scheduler scheduler) {
        return new Batches<>(maxItems, within, weigher, maxWeight, Objects.requireNonNull(scheduler, "scheduler"));
    }

    /** The batches of a publisher. */
    public Flux<List<T>> of(Publisher<? extends T> items) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super List<T>> actual) {
                items.subscribe(new BatchSubscriber<>(Batches.this, actual));
            }
        };
    }
}
