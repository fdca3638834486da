package io.msgtrans.reactive.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.OfferResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class MpmcChannelTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    static List<Supplier<MpmcChannel<Integer>>> bounded() {
        return List.of(() -> MpmcChannel.mpmc(4), () -> MpmcChannel.mpsc(4), () -> MpmcChannel.spsc(4));
    }

    // ---- the synchronous side ----

    @ParameterizedTest
    @MethodSource("bounded")
    void offersAreTakenInOrderUntilItIsFull(Supplier<MpmcChannel<Integer>> make) {
        MpmcChannel<Integer> channel = make.get();
        for (int i = 0; i < 4; i++) {
            assertThat(channel.offer(i)).isEqualTo(OfferResult.ACCEPTED);
        }
        assertThat(channel.offer(4)).isEqualTo(OfferResult.FULL);
        assertThat(channel.fulls()).isEqualTo(1);
        assertThat(channel.size()).isEqualTo(4);
        assertThat(channel.poll()).isZero();
        assertThat(channel.offer(4)).isEqualTo(OfferResult.ACCEPTED);
        List<Integer> rest = new ArrayList<>();
        assertThat(channel.drain(rest::add, 3)).isEqualTo(3);
        assertThat(channel.drain(rest::add, 3)).isEqualTo(1);
        assertThat(rest).containsExactly(1, 2, 3, 4);
        assertThat(channel.poll()).isNull();
    }

    @ParameterizedTest
    @MethodSource("bounded")
    void fillTakesWhatThereIsRoomFor(Supplier<MpmcChannel<Integer>> make) {
        MpmcChannel<Integer> channel = make.get();
        AtomicInteger next = new AtomicInteger();
        assertThat(channel.fill(next::incrementAndGet, 10)).isEqualTo(4);
        Queue<Integer> received = new ConcurrentLinkedQueue<>();
        Disposable consumer = channel.receive().take(9).subscribe(received::add);
        while (received.size() < 9) {
            channel.fill(next::incrementAndGet, 10);
        }
        assertThat(received).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
        consumer.dispose();
    }

    @Test
    void theUnboundedOneIsNeverFull() {
        MpmcChannel<Integer> channel = MpmcChannel.mpscUnbounded();
        for (int i = 0; i < 100_000; i++) {
            assertThat(channel.offer(i)).isEqualTo(OfferResult.ACCEPTED);
        }
        channel.close();
        StepVerifier.create(channel.receive()).expectNextCount(100_000).verifyComplete();
    }

    @Test
    void capacitiesOutOfRangeAreRefused() {
        assertThatThrownBy(() -> MpmcChannel.mpmc(1)).hasMessage("capacity 1 is outside 2..16777216");
        assertThatThrownBy(() -> MpmcChannel.mpsc(1 << 25)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- close ----

    @ParameterizedTest
    @MethodSource("bounded")
    void afterCloseWhatWasAcceptedIsStillGivenOut(Supplier<MpmcChannel<Integer>> make) {
        MpmcChannel<Integer> channel = make.get();
        channel.offer(1);
        channel.offer(2);
        channel.close();
        assertThat(channel.isClosed()).isTrue();
        assertThat(channel.offer(3)).isEqualTo(OfferResult.CLOSED);
        StepVerifier.create(channel.receive(), 1)
                .expectNext(1)
                .thenRequest(1)
                .expectNext(2)
                .verifyComplete();
        StepVerifier.create(channel.receive()).verifyComplete();
    }

    @Test
    void closeWithAnErrorFailsConsumersBehindTheItemsAndSendsAtOnce() {
        MpmcChannel<Integer> channel = MpmcChannel.mpmc(2);
        channel.offer(1);
        channel.offer(2);
        Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
        channel.send(3).subscribe(nothing -> {}, errors::add);
        channel.closeWithError(new IllegalArgumentException("broken"));
        until("the send has failed", () -> !errors.isEmpty());
        assertThat(errors.element())
                .isInstanceOf(ChannelClosedException.class)
                .hasCauseInstanceOf(IllegalArgumentException.class);
        StepVerifier.create(channel.receive()).expectNext(1, 2).verifyErrorMessage("broken");
        StepVerifier.create(channel.send(4)).verifyError(ChannelClosedException.class);
    }

    // ---- the reactive side ----

    @ParameterizedTest
    @MethodSource("bounded")
    void aSendWaitsForRoom(Supplier<MpmcChannel<Integer>> make) {
        MpmcChannel<Integer> channel = make.get();
        channel.fill(() -> 0, 4);
        Queue<String> done = new ConcurrentLinkedQueue<>();
        channel.send(1).subscribe(null, null, () -> done.add("first"));
        channel.send(2).subscribe(null, null, () -> done.add("second"));
        Disposable cancelled = channel.send(3).subscribe();
        assertThat(channel.waitingSends()).isEqualTo(3);
        assertThat(done).isEmpty();
        channel.poll();
        until("the first is accepted", () -> done.size() == 1);
        assertThat(done).containsExactly("first");
        cancelled.dispose();
        List<Integer> rest = new ArrayList<>();
        channel.drain(rest::add, 4);
        until("the second is accepted", () -> done.size() == 2);
        assertThat(done).containsExactly("first", "second");
        channel.drain(rest::add, 4);
        assertThat(rest).containsExactly(0, 0, 0, 1, 2);
        until("nobody waits", () -> channel.waitingSends() == 0);
    }

    @ParameterizedTest
    @MethodSource("bounded")
    void demandIsKeptAndNothingIsHeld(Supplier<MpmcChannel<Integer>> make) {
        MpmcChannel<Integer> channel = make.get();
        StepVerifier.create(channel.receive(), 0)
                .then(() -> channel.offer(1))
                .expectNoEvent(Duration.ofMillis(20))
                .thenRequest(2)
                .expectNext(1)
                .then(() -> channel.offer(2))
                .expectNext(2)
                .then(() -> channel.offer(3))
                .thenCancel()
                .verify(LIMIT);
        assertThat(channel.poll()).isEqualTo(3);
    }

    @Test
    void aSecondSubscriberOfAChannelForOneIsRefused() {
        MpmcChannel<Integer> channel = MpmcChannel.mpsc(4);
        Disposable first = channel.receive().subscribe();
        StepVerifier.create(channel.receive()).verifyErrorMessage("a channel for one consumer has one");
        first.dispose();
        channel.offer(1);
        StepVerifier.create(channel.receive().take(1)).expectNext(1).verifyComplete();
    }

    @Test
    void whatACancelledConsumerHadNotGotGoesToOthers() {
        MpmcChannel<Integer> channel = MpmcChannel.mpmc(1024);
        Queue<Integer> received = new ConcurrentLinkedQueue<>();
        Flux.range(0, 8)
                .flatMap(consumer -> channel.receive(Schedulers.parallel())
                        .doOnNext(received::add)
                        .take(consumer < 7 ? 100 : Long.MAX_VALUE))
                .subscribe();
        for (int i = 0; i < 100_000; ) {
            i += channel.offer(i) == OfferResult.ACCEPTED ? 1 : 0;
        }
        channel.close();
        until("all have arrived", () -> received.size() == 100_000);
        assertThat(received.stream().distinct().count()).isEqualTo(100_000);
    }

    @Test
    void consumersOfAnySpeedGetEachItemOnceAndInOrder() throws InterruptedException {
        MpmcChannel<Long> channel = MpmcChannel.mpmc(64);
        int producers = 3;
        long each = 30_000;
        AtomicLong sum = new AtomicLong();
        AtomicLong count = new AtomicLong();
        AtomicInteger disorder = new AtomicInteger();
        CountDownLatch consumed = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            long[] last = new long[producers];
            (i < 2 ? channel.receive(Schedulers.parallel()) : channel.receive())
                    .limitRate(1 + 7 * i)
                    .subscribe(
                            item -> {
                                int producer = (int) (item >>> 32);
                                long number = item & 0xFFFFFFFFL;
                                disorder.addAndGet(number > last[producer] ? 0 : 1);
                                last[producer] = number;
                                sum.addAndGet(number);
                                count.incrementAndGet();
                            },
                            error -> disorder.addAndGet(1000),
                            consumed::countDown);
        }
        Mono.when(IntStream.range(0, producers)
                        .mapToObj(producer -> channel.sendAll(
                                        Flux.range(1, (int) each).map(number -> ((long) producer << 32) | number))
                                .subscribeOn(Schedulers.boundedElastic()))
                        .toList())
                .block(LIMIT);
        channel.close();
        assertThat(consumed.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(count.get()).isEqualTo(producers * each);
        assertThat(sum.get()).isEqualTo(producers * each * (each + 1) / 2);
        assertThat(disorder).hasValue(0);
    }

    @ParameterizedTest
    @MethodSource("bounded")
    void sendAllAsksForNoMoreThanThereIsRoomFor(Supplier<MpmcChannel<Integer>> make) {
        MpmcChannel<Integer> channel = make.get();
        AtomicLong emitted = new AtomicLong();
        List<Integer> received = new ArrayList<>();
        Queue<String> done = new ConcurrentLinkedQueue<>();
        channel.sendAll(Flux.range(0, 1000).doOnNext(i -> emitted.incrementAndGet()))
                .subscribe(null, null, () -> done.add("done"));
        assertThat(emitted.get()).isLessThanOrEqualTo(8);
        while (received.size() < 1000) {
            Integer item = channel.poll(); // none while another thread is about to send the next
            if (item != null) {
                received.add(item);
            }
            assertThat(emitted.get()).isLessThanOrEqualTo(received.size() + 8);
            if (received.size() < 990) {
                assertThat(done).isEmpty();
            }
        }
        until("it has ended", () -> done.size() == 1);
        assertThat(received).isEqualTo(Flux.range(0, 1000).collectList().block());
    }

    @Test
    void sendAllEndsWithItsPublisherTheChannelOrItsSubscriber() {
        MpmcChannel<Integer> channel = MpmcChannel.mpmc(4);
        StepVerifier.create(channel.sendAll(Flux.range(0, 2).concatWith(Mono.error(new IllegalStateException("x")))))
                .verifyErrorMessage("x");
        Queue<Object> discarded = new ConcurrentLinkedQueue<>();
        AtomicInteger cancelled = new AtomicInteger();
        Flux<Integer> endless = Flux.<Integer>generate(sink -> sink.next(9)).doOnCancel(cancelled::incrementAndGet);
        Disposable sending = channel.sendAll(endless).subscribe();
        sending.dispose();
        assertThat(cancelled).hasValue(1);
        StepVerifier.create(channel.sendAll(endless)
                        .doOnDiscard(Integer.class, discarded::add)
                        .mergeWith(Mono.fromRunnable(channel::close)))
                .verifyError(ChannelClosedException.class);
        assertThat(cancelled).hasValue(2);
        assertThat(discarded).isNotEmpty();
    }

    @Test
    void aSubscriberThatThrowsLosesItsOwnItemOnly() {
        MpmcChannel<Integer> channel = MpmcChannel.mpmc(4);
        Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
        channel.receive().subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnNext(Integer item) {
                throw new IllegalStateException("thrown");
            }

            @Override
            protected void hookOnError(Throwable error) {
                errors.add(error);
            }
        });
        channel.offer(1);
        channel.offer(2);
        until("it has failed", () -> errors.size() == 1);
        assertThat(channel.poll()).isEqualTo(2);
    }

    @Test
    void aDrainStopsBeforeWhatItMayNotTakeOfItemsGivenBack() {
        MpmcChannel<Integer> channel = MpmcChannel.mpmc(8);
        channel.giveBack(3);
        channel.giveBack(2);
        channel.giveBack(1);
        channel.offer(4);
        List<Integer> drained = new ArrayList<>();
        assertThat(channel.drain(drained::add, 2)).isEqualTo(2);
        assertThat(drained).containsExactly(1, 2);
        assertThat(channel.drain(drained::add, 9)).isEqualTo(2);
        assertThat(drained).containsExactly(1, 2, 3, 4);
    }

    private static void until(String what, BooleanSupplier condition) {
        Boolean met = Flux.interval(Duration.ZERO, Duration.ofMillis(5))
                .map(tick -> condition.getAsBoolean())
                .filter(Boolean::booleanValue)
                .blockFirst(LIMIT);
        assertThat(met).as(what).isTrue();
    }
}
