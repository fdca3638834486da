package io.msgtrans.reactive.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

class BatchesTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Batches<Integer> THREE = Batches.ofItems(3);

    @Test
    void aBatchIsCompleteWithItsItemsAndTheLastWithTheEnd() {
        StepVerifier.create(Flux.range(1, 8).transform(THREE::of))
                .expectNext(List.of(1, 2, 3), List.of(4, 5, 6), List.of(7, 8))
                .verifyComplete();
        StepVerifier.create(Flux.<Integer>empty().transform(THREE::of)).verifyComplete();
    }

    @Test
    void aBatchIsCompleteWhenItsFirstItemIsOldEnough() {
        StepVerifier.withVirtualTime(() -> Flux.just(1, 2, 3, 4)
                        .delayElements(Duration.ofMillis(6))
                        .concatWith(Flux.just(5).delayElements(Duration.ofMillis(100)))
                        .transform(THREE.within(Duration.ofMillis(10))::of))
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(15))
                .thenAwait(Duration.ofMillis(1))
                .expectNext(List.of(1, 2)) // at 6 and 12, due at 16
                .expectNoEvent(Duration.ofMillis(11))
                .thenAwait(Duration.ofMillis(1))
                .expectNext(List.of(3, 4)) // at 18 and 24, due at 28
                .thenAwait(Duration.ofMillis(96))
                .expectNext(List.of(5)) // at 124, with the end
                .verifyComplete();
    }

    @Test
    void theTimeOfABatchThatFilledUpDoesNotCutTheNext() {
        TestPublisher<Integer> items = TestPublisher.create();
        StepVerifier.withVirtualTime(() -> items.flux().transform(THREE.within(Duration.ofMillis(10))::of))
                .expectSubscription()
                .then(() -> items.next(1))
                .thenAwait(Duration.ofMillis(9))
                .then(() -> items.next(2, 3, 4))
                .expectNext(List.of(1, 2, 3))
                .expectNoEvent(Duration.ofMillis(9))
                .then(() -> items.next(5))
                .thenAwait(Duration.ofMillis(1))
                .expectNext(List.of(4, 5))
                .then(items::complete)
                .verifyComplete();
    }

    @Test
    void aTimeOutWithoutDemandWaitsAndGathersMore() {
        TestPublisher<Integer> items = TestPublisher.create();
        StepVerifier.withVirtualTime(() -> items.flux().transform(THREE.within(Duration.ofMillis(10))::of), 0)
                .expectSubscription()
                .then(() -> items.next(1))
                .expectNoEvent(Duration.ofMillis(50))
                .then(() -> items.next(2))
                .thenRequest(1)
                .expectNext(List.of(1, 2))
                .then(() -> items.next(3, 4, 5, 6, 7))
                .expectNoEvent(Duration.ofMillis(50))
                .thenRequest(2)
                .expectNext(List.of(3, 4, 5), List.of(6, 7)) // both are older than the time
                .then(items::complete)
                .verifyComplete();
    }

    @Test
    void weightCompletesABatchBeforeItIsExceeded() {
        Batches<String> tenChars = Batches.<String>ofItems(100).weighing(String::length, 10);
        StepVerifier.create(Flux.just("aaaa", "bbbb", "cccc", "dddddd", "eeeeeeeeeeeeeee", "f")
                        .transform(tenChars::of))
                .expectNext(List.of("aaaa", "bbbb"))
                .expectNext(List.of("cccc", "dddddd"))
                .expectNext(List.of("eeeeeeeeeeeeeee"))
                .expectNext(List.of("f"))
                .verifyComplete();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 100})
    void withoutDemandTwoBatchesAreHeldAtMost(int size) {
        AtomicLong emitted = new AtomicLong();
        StepVerifier.create(
                        Flux.range(0, 10_000)
                                .doOnNext(i -> emitted.incrementAndGet())
                                .transform(Batches.<Integer>ofItems(size)::of),
                        0)
                .expectSubscription()
                .then(() -> assertThat(emitted).hasValue(2L * size))
                .thenRequest(3)
                .expectNextCount(3)
                .then(() -> assertThat(emitted).hasValue(5L * size))
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void cancelAndErrorDropWhatIsHeld() {
        List<Object> discarded = new ArrayList<>();
        TestPublisher<Integer> items = TestPublisher.create();
        StepVerifier.create(items.flux().transform(THREE::of).doOnDiscard(Integer.class, discarded::add))
                .then(() -> items.next(1, 2))
                .thenCancel()
                .verify(LIMIT);
        items.assertCancelled();
        assertThat(discarded).containsExactly(1, 2);
        TestPublisher<Integer> failing = TestPublisher.create();
        StepVerifier.create(failing.flux().transform(THREE::of).doOnDiscard(Integer.class, discarded::add))
                .then(() -> failing.next(3, 4))
                .then(() -> failing.error(new IllegalStateException("x")))
                .verifyErrorMessage("x");
        assertThat(discarded).containsExactly(1, 2, 3, 4);
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> Batches.ofItems(0)).hasMessage("maxItems 0 is outside 1..1048576");
        assertThatThrownBy(() -> THREE.within(Duration.ZERO)).hasMessageContaining("within PT0S is outside 1 ms..PT1H");
        assertThatThrownBy(() -> THREE.weighing(i -> 1, 0)).hasMessage("maxWeight 0 is not positive");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void underRandomTimesAndDemandNothingIsLostOrDoubledOrLate(long seed) {
        Random random = new Random(seed);
        int count = 20_000;
        int size = 1 + random.nextInt(50);
        AtomicInteger next = new AtomicInteger();
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        Sinks.Many<Integer> source = Sinks.many().unicast().onBackpressureBuffer();
        Flux<List<Integer>> batches = source.asFlux()
                .transform(Batches.<Integer>ofItems(size)
                        .within(Duration.ofMillis(1 + random.nextInt(3)))
                        .weighing(i -> i % 7, 1 + random.nextInt(100))::of);
        Flux<List<Integer>> demanded =
                random.nextBoolean() ? batches.publishOn(Schedulers.boundedElastic(), 1 + random.nextInt(4)) : batches;
        Thread producer = new Thread(() -> {
            for (int i = 0; i < count; i++) {
                source.tryEmitNext(i);
                if (i % 997 == 0) {
                    LockSupport.parkNanos(100_000);
                }
            }
            source.tryEmitComplete();
        });
        producer.start();
        demanded.doOnNext(batch -> {
                    if (batch.isEmpty() || batch.size() > size) {
                        wrong.add("size " + batch.size());
                    }
                    for (int item : batch) {
                        if (item != next.getAndIncrement()) {
                            wrong.add("item " + item);
                        }
                    }
                })
                .blockLast(LIMIT);
        assertThat(wrong).isEmpty();
        assertThat(next).hasValue(count);
    }
}
