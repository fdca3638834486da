package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.monitor.Timings;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.BaseSubscriber;

class PendingRequestsTest {

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final AtomicInteger ended = new AtomicInteger();
    private final PendingRequests pending =
            new PendingRequests(channel.eventLoop(), 3, () -> "", ended::incrementAndGet, new Timings().requests());

    /** Remembers how a request ended. */
    private static final class Caller extends BaseSubscriber<Packet> {
        Packet response = Packet.oneWay("none");
        Throwable error = new AssertionError("none");

        @Override
        protected void hookOnNext(Packet packet) {
            response = packet;
        }

        @Override
        protected void hookOnError(Throwable thrown) {
            error = thrown;
        }
    }

    private PendingRequest request(Packet packet, Caller caller) {
        pending.acquire();
        PendingRequest request = new PendingRequest(pending, null, packet, null, Duration.ofSeconds(10), caller);
        caller.onSubscribe(request);
        return request;
    }

    private static Packet withId(long id) {
        return Packet.builder(PacketType.REQUEST).messageId(id).build();
    }

    @Test
    void idsCountFromOne() {
        assertThat(pending.nextId()).isEqualTo(1);
        assertThat(pending.nextId()).isEqualTo(2);
    }

    @Test
    void idsWrapPastZeroAndWhatIsPending() {
        assertThat(pending.register(request(withId(1), new Caller()))).isTrue();
        assertThat(pending.register(request(withId(2), new Caller()))).isTrue();
        pending.startIdsAfter(0xFFFFFFFE);
        assertThat(pending.nextId()).isEqualTo(0xFFFFFFFF);
        assertThat(pending.nextId()).isEqualTo(3);
        assertThat(pending.nextId()).isEqualTo(4);
    }

    @Test
    void idsWrapPastZeroWhenNothingIsPending() {
        pending.startIdsAfter(0x7FFFFFFE);
        assertThat(pending.nextId()).isEqualTo(0x7FFFFFFF);
        assertThat(pending.nextId()).isEqualTo(0x80000000);
        pending.startIdsAfter(0xFFFFFFFE);
        assertThat(pending.nextId()).isEqualTo(0xFFFFFFFF);
        assertThat(pending.nextId()).isEqualTo(1);
        assertThat(pending.nextId()).isEqualTo(2);
    }

    @Test
    void aRequestOfAnIdBeforeTheCounterIsSkippedUntilItIsAnswered() {
        assertThat(pending.nextId()).isEqualTo(1);
        assertThat(pending.register(request(withId(3), new Caller()))).isTrue();
        assertThat(pending.nextId()).isEqualTo(2);
        assertThat(pending.nextId()).isEqualTo(4);
        assertThat(pending.take(3)).isNotNull();
        pending.startIdsAfter(2);
        assertThat(pending.nextId()).isEqualTo(3);
    }

    @Test
    void anIdThatIsPendingIsRefusedBeforeItIsWritten() {
        Caller first = new Caller();
        Caller second = new Caller();
        assertThat(pending.register(request(withId(7), first))).isTrue();
        assertThat(pending.register(request(withId(7), second))).isFalse();
        assertThat(second.error).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("7");
        PendingRequest taken = pending.take(7);
        assertThat(taken).isNotNull();
        taken.respond(Packet.oneWay("for the first"));
        assertThat(first.response.payloadText()).isEqualTo("for the first");
    }

    @Test
    void placesAreBoundedAndGivenBack() {
        for (int i = 1; i <= 3; i++) {
            assertThat(pending.register(request(withId(i), new Caller()))).isTrue();
        }
        assertThatThrownBy(pending::acquire)
                .isInstanceOf(LimitException.class)
                .hasMessageContaining("maxPendingRequests")
                .hasMessageContaining("3");
        assertThat(pending.take(2)).isNotNull();
        assertThat(pending.count()).isEqualTo(2);
        assertThat(ended.get()).isEqualTo(1);
        assertThat(pending.register(request(withId(4), new Caller()))).isTrue();
    }

    @Test
    void aSecondResponseFindsNobody() {
        assertThat(pending.register(request(withId(5), new Caller()))).isTrue();
        assertThat(pending.take(5)).isNotNull();
        assertThat(pending.take(5)).isNull();
    }

    @Test
    void timesOutOnceAndForgets() {
        channel.freezeTime();
        Caller caller = new Caller();
        PendingRequest request = request(withId(9), caller);
        assertThat(pending.register(request)).isTrue();
        request.expire();
        assertThat(caller.error).isInstanceOf(RequestTimeoutException.class).hasMessageContaining("PT10S");
        assertThat(pending.count()).isZero();
        assertThat(pending.take(9)).isNull();
    }

    @Test
    void theWheelFiresWhatIsDueAndNotWhatWasCancelled() {
        TimeoutWheel wheel = TimeoutWheel.of(channel.eventLoop());
        AtomicInteger fired = new AtomicInteger();
        TimeoutWheel.Timeout due = timeout(fired::incrementAndGet);
        TimeoutWheel.Timeout failing = timeout(() -> {
            throw new IllegalStateException("a callback that fails");
        });
        TimeoutWheel.Timeout cancelled = timeout(() -> fired.addAndGet(100));
        TimeoutWheel.Timeout later = timeout(() -> fired.addAndGet(1000));
        wheel.schedule(failing, TimeUnit.MILLISECONDS.toNanos(1));
        wheel.schedule(due, TimeUnit.MILLISECONDS.toNanos(15));
        wheel.schedule(cancelled, TimeUnit.MILLISECONDS.toNanos(5));
        wheel.schedule(later, TimeUnit.HOURS.toNanos(1));
        wheel.cancel(cancelled);
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (fired.get() == 0 && System.nanoTime() < deadlineNanos) {
            channel.runScheduledPendingTasks();
        }
        assertThat(fired.get()).isEqualTo(1);
        wheel.cancel(later);
    }

    private static TimeoutWheel.Timeout timeout(Runnable action) {
        return new TimeoutWheel.Timeout() {
            @Override
            void expire() {
                action.run();
            }
        };
    }
}
