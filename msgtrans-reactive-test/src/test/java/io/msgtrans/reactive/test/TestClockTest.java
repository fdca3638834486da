package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class TestClockTest {

    private static final Duration LONG = Duration.ofMinutes(10);

    private static BoundServer serve(TestClock clock, String uri, UnaryOperator<SessionOptions> options) {
        return TransportServer.create()
                .runOn(clock.loops())
                .listen(uri.startsWith("mem") ? "mem://" + UUID.randomUUID() : uri)
                .session(options)
                .handle(session -> session.receive().then())
                .bindNow();
    }

    private static Session connect(TestClock clock, BoundServer server) {
        Session session = TransportClient.create(server.uri().toString())
                .runOn(clock.loops())
                .session(options -> options.requestTimeout(LONG))
                .connectNow();
        TransportContract.until("the server knows it", () -> server.sessionCount() == 1);
        clock.advance(Duration.ZERO); // and its timers are set
        return session;
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp://127.0.0.1:0", "ws://127.0.0.1:0"})
    void silentSessionsAreClosedWhenTheirTimeHasCome(String uri) {
        try (TestClock clock = TestClock.create()) {
            BoundServer server = serve(clock, uri, options -> options.idleTimeout(LONG));
            Session session = connect(clock, server);
            Mono<CloseReason> closed = session.onClose().cache();
            clock.advance(LONG.minusMinutes(1));
            assertThat(session.isOpen()).isTrue();
            clock.advance(Duration.ofMinutes(2));
            assertThat(closed.block(TransportContract.LIMIT)).isNotNull();
            TransportContract.stop(server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp://127.0.0.1:0"})
    void requestsTimeOutWhenTheirTimeHasCome(String uri) {
        try (TestClock clock = TestClock.create()) {
            BoundServer server = serve(clock, uri, options -> options);
            Session session = connect(clock, server);
            Mono<Packet> answer = session.request(Packet.request("?")).cache();
            answer.subscribe(packet -> {}, error -> {});
            TransportContract.until(
                    "it is there", () -> server.stats().traffic().requestsReceived() == 1);
            clock.advance(LONG.minusMinutes(1));
            assertThat(session.stats().pendingRequests()).isEqualTo(1);
            clock.advance(Duration.ofMinutes(2));
            assertThatThrownBy(() -> answer.block(TransportContract.LIMIT)).isInstanceOf(RequestTimeoutException.class);
            session.dispose();
            TransportContract.stop(server);
        }
    }

    @Test
    void whatIsDueIsDoneWhenTheClockHasMoved() {
        try (TestClock clock = TestClock.create()) {
            EventLoop loop = clock.loops().onClient(false).next();
            AtomicInteger minutes = new AtomicInteger();
            Runnable everyMinute = new Runnable() {
                @Override
                public void run() {
                    minutes.incrementAndGet();
                    loop.schedule(this, 1, TimeUnit.MINUTES);
                }
            };
            loop.submit(everyMinute).syncUninterruptibly();
            for (int done = 1; done <= 5_000; done++) {
                assertThat(minutes).hasValue(done);
                clock.advance(Duration.ofMinutes(1));
            }
        }
    }
}
