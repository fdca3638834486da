package io.msgtrans.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

class ForEachPacketTest {

    private static final Packet A = Packet.oneWay("a");
    private static final Packet B = Packet.oneWay("b");

    private final TestPublisher<Packet> packets =
            TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
    private final List<String> seen = new ArrayList<>();
    private final Mono<Void> consumption = new ForEachPacket(packets.flux(), packet -> {
        if (packet.equals(B)) {
            throw new IllegalStateException("produced on purpose");
        }
        seen.add(packet.payloadText());
    });

    @Test
    void theConsumerIsCalledWithEachPacketAndTheEndFollows() {
        StepVerifier.create(consumption)
                .then(() -> packets.assertMinRequested(Long.MAX_VALUE).next(A, A))
                .then(() -> assertThat(seen).containsExactly("a", "a"))
                .then(packets::complete)
                .verifyComplete();
    }

    @Test
    void anErrorOfTheSourceIsTheError() {
        StepVerifier.create(consumption)
                .then(() -> packets.error(new IllegalArgumentException("lost")))
                .verifyErrorMessage("lost");
    }

    @Test
    void whatTheConsumerThrowsIsTheErrorAndNoMoreIsAskedFor() {
        StepVerifier.create(consumption).then(() -> packets.next(A, B)).verifyErrorMessage("produced on purpose");
        packets.assertCancelled();
    }

    @Test
    void whatComesBehindTheEndIsDropped() {
        StepVerifier.create(consumption)
                .then(() -> packets.next(A, B, A)
                        .error(new IllegalArgumentException("late"))
                        .complete())
                .expectErrorMessage("produced on purpose")
                .verifyThenAssertThat()
                .hasDropped(A)
                .hasDroppedErrorWithMessage("late");
        assertThat(seen).containsExactly("a");
    }

    @Test
    void cancelCancelsTheSource() {
        Disposable running = consumption.subscribe();
        packets.next(A).assertNotCancelled();
        running.dispose();
        packets.assertCancelled();
        assertThat(seen).containsExactly("a");
    }

    @Test
    void theSourceSeesTheContextOfTheSubscriber() {
        AtomicReference<String> value = new AtomicReference<>();
        Flux<Packet> source = Flux.deferContextual(context -> {
            value.set(context.get("key"));
            return Flux.empty();
        });
        StepVerifier.create(
                        new ForEachPacket(source, packet -> {}).contextWrite(context -> context.put("key", "value")))
                .verifyComplete();
        assertThat(value).hasValue("value");
    }
}
