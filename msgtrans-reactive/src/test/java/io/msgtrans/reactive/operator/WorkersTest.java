package io.msgtrans.reactive.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class WorkersTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Test
    void eachPipelineKeepsItsOrderOnAFewThreads() {
        Workers workers = Workers.of(3);
        Map<String, Boolean> threads = new ConcurrentHashMap<>();
        List<List<Integer>> all = Flux.range(0, 100)
                .flatMap(pipeline -> Flux.range(0, 500)
                        .transform(workers.map(item -> {
                            threads.put(Thread.currentThread().getName(), true);
                            return pipeline * 1000 + item;
                        }))
                        .collectList())
                .collectList()
                .block(LIMIT);
        assertThat(all)
                .hasSize(100)
                .allSatisfy(items -> assertThat(items)
                        .isEqualTo(IntStream.range(items.get(0), items.get(0) + 500)
                                .boxed()
                                .toList()));
        assertThat(threads.keySet()).isSubsetOf("msgtrans-worker-1", "msgtrans-worker-2", "msgtrans-worker-3");
        workers.dispose();
    }

    @Test
    void aPipelineThatBlocksHoldsUpNoOther() throws InterruptedException {
        Workers workers = Workers.of(2);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger passed = new AtomicInteger();
        Mono<Integer> blocked = Flux.just(1)
                .transform(workers.map(item -> {
                    await(release);
                    return passed.get();
                }))
                .next()
                .cache();
        blocked.subscribe();
        Flux.range(0, 50)
                .flatMap(pipeline -> Flux.range(0, 10).transform(workers.map(item -> passed.incrementAndGet())))
                .blockLast(LIMIT);
        release.countDown();
        assertThat(blocked.block(LIMIT)).isEqualTo(500);
        workers.dispose();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void demandReachesThePublisher() {
        Workers workers = Workers.of(2);
        AtomicLong emitted = new AtomicLong();
        StepVerifier.create(
                        Flux.range(0, 10_000)
                                .doOnNext(item -> emitted.incrementAndGet())
                                .transform(workers.map(item -> item)),
                        0)
                .thenRequest(10)
                .expectNextCount(10)
                .then(() -> assertThat(emitted.get()).isLessThanOrEqualTo(64))
                .thenCancel()
                .verify(LIMIT);
        workers.dispose();
    }

    @Test
    void errorsOfTheFunctionEndThePipelineOnly() {
        Workers workers = Workers.of(1);
        StepVerifier.create(Flux.just(1, 0).transform(workers.map(divisor -> 10 / divisor)))
                .expectNext(10)
                .expectError(ArithmeticException.class)
                .verify(LIMIT);
        StepVerifier.create(Flux.just(2).transform(workers.map(divisor -> 10 / divisor)))
                .expectNext(5)
                .expectComplete()
                .verify(LIMIT);
        workers.dispose();
        assertThat(workers.isDisposed()).isTrue();
        StepVerifier.create(Flux.just(2).transform(workers.map(divisor -> 10 / divisor)))
                .expectError(RejectedExecutionException.class)
                .verify(LIMIT);
    }

    @Test
    void whatWaitedWhenTheWorkersWereDisposedIsStillRun() throws InterruptedException {
        Workers workers = Workers.of(1);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch ran = new CountDownLatch(3);
        workers.scheduler().schedule(() -> await(release));
        for (int i = 0; i < 3; i++) {
            workers.scheduler().schedule(ran::countDown);
        }
        workers.dispose();
        release.countDown();
        assertThat(ran.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void virtualThreadsWhereTheJdkHasThem() {
        if (Runtime.version().feature() < 21) {
            assertThatThrownBy(() -> Workers.ofVirtualThreads(2))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("JDK 21");
        }
        Assumptions.assumeTrue(Runtime.version().feature() >= 21, "virtual threads need JDK 21 or later");
        Workers workers = Workers.ofVirtualThreads(2);
        assertThat(Flux.just(1)
                        .transform(workers.map(item -> Thread.currentThread().getName()))
                        .blockLast(LIMIT))
                .startsWith("msgtrans-virtual-");
        workers.dispose();
    }
}
