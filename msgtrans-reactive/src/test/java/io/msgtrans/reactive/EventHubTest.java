package io.msgtrans.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.EventOptions.Policy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class EventHubTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private final EventHub<Integer> hub = new EventHub<>();

    @Test
    void everySubscriberGetsWhatHappensWhileItIsThere() {
        hub.emit(0);
        Mono<List<Integer>> first =
                hub.events(EventOptions.DEFAULTS).collectList().cache();
        first.subscribe();
        assertThat(hub.isWatched()).isTrue();
        hub.emit(1);
        Mono<List<Integer>> second =
                hub.events(EventOptions.DEFAULTS).collectList().cache();
        second.subscribe();
        hub.emit(2);
        hub.complete();
        assertThat(first.block(LIMIT)).containsExactly(1, 2);
        assertThat(second.block(LIMIT)).containsExactly(2);
        assertThat(hub.isWatched()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void aSlowSubscriberMissesEventsByItsPolicyAndTheyAreCounted(Policy policy) {
        Queue<EventStats> stats = new ConcurrentLinkedQueue<>();
        Sinks.Empty<Void> emitted = Sinks.empty();
        List<Integer> got = new ArrayList<>();
        StepVerifier.create(hub.events(new EventOptions(8, policy, stats::add)), 0)
                .then(() -> IntStream.range(0, 100).forEach(hub::emit))
                .then(() -> emitted.tryEmitEmpty())
                .thenRequest(Long.MAX_VALUE)
                .recordWith(() -> got)
                .expectNextCount(8)
                .then(hub::complete)
                .expectComplete()
                .verify(LIMIT);
        assertThat(got)
                .isEqualTo(
                        IntStream.range(policy == Policy.DROP_NEWEST ? 0 : 92, policy == Policy.DROP_NEWEST ? 8 : 100)
                                .boxed()
                                .toList());
        assertThat(stats).containsExactly(new EventStats(100, 8, 92));
    }

    @Test
    void aCancelledSubscriberIsForgotten() {
        Queue<EventStats> stats = new ConcurrentLinkedQueue<>();
        StepVerifier.create(hub.events(new EventOptions(8, Policy.DROP_NEWEST, stats::add)))
                .then(() -> hub.emit(1))
                .expectNext(1)
                .thenCancel()
                .verify(LIMIT);
        StepVerifier.create(Mono.delay(Duration.ofMillis(5)).repeat(() -> hub.isWatched()))
                .thenConsumeWhile(tick -> true)
                .verifyComplete();
        assertThat(stats).containsExactly(new EventStats(1, 1, 0));
    }

    @Test
    void whoComesAfterTheEndIsToldAtOnce() {
        hub.emit(1);
        hub.complete();
        StepVerifier.create(hub.events(EventOptions.DEFAULTS)).expectComplete().verify(LIMIT);
        assertThat(hub.isWatched()).isFalse();
    }

    @Test
    void capacitiesOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new EventOptions(1, Policy.DROP_NEWEST, stats -> {}))
                .hasMessage("capacity 1 is outside 2..1048576");
    }
}
