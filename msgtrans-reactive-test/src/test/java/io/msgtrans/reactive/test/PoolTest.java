package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.pool.PoolOptions;
import io.msgtrans.reactive.pool.PoolOptions.Start;
import io.msgtrans.reactive.pool.PooledSession;
import io.msgtrans.reactive.pool.SessionPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Pools of sessions to a real server. */
@ExtendWith(LeakCheck.class)
class PoolTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final PoolOptions OPTIONS = PoolOptions.DEFAULTS.maintenance(Duration.ofMillis(50));

    /** Requests with the payload "wait" are answered when this completes. */
    private final Sinks.Empty<Void> answer = Sinks.empty();

    private BoundServer server;
    private SessionPool pool;

    @BeforeEach
    void start() {
        serve(0);
    }

    private void serve(int port) {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:" + port)
                .handle(session -> session.receive()
                        .flatMap(
                                request -> (request.payloadText().equals("wait") ? answer.asMono() : Mono.empty())
                                        .then(session.reply(request, Long.toString(session.id()))),
                                4096)
                        .then())
                .bindNow();
    }

    @AfterEach
    void end() {
        pool.close(LIMIT).block(LIMIT);
        TransportContract.stop(server);
    }

    private SessionPool open(PoolOptions options) {
        pool = SessionPool.of(TransportClient.create(server.uri().toString()), options);
        return pool;
    }

    private List<PooledSession> acquire(int count) {
        return Objects.requireNonNull(
                Flux.range(0, count).flatMap(i -> pool.acquire()).collectList().block(LIMIT));
    }

    private static void release(List<PooledSession> sessions) {
        Flux.fromIterable(sessions).flatMap(PooledSession::release).then().block(LIMIT);
    }

    @Test
    void aLazyPoolOpensWhatIsNeededAndAnEagerOneItsMinimum() {
        open(OPTIONS.size(4, 8).start(Start.LAZY));
        assertThat(server.sessionCount()).isZero();
        release(acquire(1));
        assertThat(pool.stats().open()).isEqualTo(1);
        pool.close(LIMIT).block(LIMIT);

        open(OPTIONS.size(4, 8).start(Start.WARM_UP));
        List<PooledSession> one = acquire(1);
        assertThat(pool.stats().open()).isEqualTo(4);
        release(one);
        assertThat(pool.stats().idle()).isEqualTo(4);
    }

    @Test
    void aSessionIsUsedAgain() {
        open(OPTIONS.size(1, 1).start(Start.LAZY));
        String first = ask();
        assertThat(ask()).isEqualTo(first);
        assertThat(pool.stats().open()).isEqualTo(1);
        assertThat(pool.stats().hitRate()).isEqualTo(0.5);
    }

    private String ask() {
        return Objects.requireNonNull(pool.use(session -> session.request(Packet.request("?")))
                        .blockLast(LIMIT))
                .payloadText();
    }

    @Test
    void itGrowsInStepsAboveTheThresholdAndShrinksBelowTheOther() {
        open(OPTIONS.size(10, 100).start(Start.WARM_UP).idleTimeout(Duration.ofSeconds(60)));
        List<PooledSession> used = new ArrayList<>(acquire(8));
        assertThat(pool.stats().grown()).isZero();
        used.addAll(acquire(1)); // the ninth of ten
        TransportContract.until("it has doubled", () -> pool.stats().open() == 20);
        used.addAll(acquire(8)); // the seventeenth of twenty
        TransportContract.until("it is half as large again", () -> pool.stats().open() == 30);
        used.addAll(acquire(8));
        TransportContract.until("it is a fifth larger", () -> pool.stats().open() == 36);
        assertThat(pool.stats().grown()).isEqualTo(3);
        release(used);
        TransportContract.until("it is small again", () -> pool.stats().open() == 10);
        assertThat(pool.stats().shrunk()).isGreaterThanOrEqualTo(3);
        assertThat(pool.stats().evicted()).isEqualTo(26);
    }

    @Test
    void whatIsIdleForLongIsClosed() {
        open(OPTIONS.size(1, 8).thresholds(0.9, 0).idleTimeout(Duration.ofMillis(100)));
        release(acquire(4));
        TransportContract.until("one is left", () -> pool.stats().open() == 1 && server.sessionCount() == 1);
    }

    @Test
    void callersWaitForAWhileAndOnlySoMany() {
        open(OPTIONS.size(1, 1).maxWaiting(1).acquireTimeout(Duration.ofSeconds(2)));
        List<PooledSession> all = acquire(1);
        Mono<PooledSession> waiting = pool.acquire().cache();
        waiting.subscribe(session -> {}, error -> {});
        TransportContract.until("one waits", () -> pool.stats().waiting() == 1);
        assertThatThrownBy(() -> pool.acquire().block(LIMIT))
                .isInstanceOf(LimitException.class)
                .hasMessage("callers that wait for a session: 2 is above the limit 1 (option maxWaiting)");
        assertThatThrownBy(() -> waiting.block(LIMIT))
                .isInstanceOf(RequestTimeoutException.class)
                .hasMessageContaining("no session was free within PT2S (option acquireTimeout): 1 of 1 open");
        Mono<PooledSession> next = pool.acquire().cache();
        next.subscribe();
        release(all);
        release(List.of(Objects.requireNonNull(next.block(LIMIT))));
        assertThat(pool.stats().failed()).isEqualTo(2);
    }

    @Test
    void sharedCallsGoToTheLeastLoadedAndMoreLoadMeansMoreSessions() {
        open(OPTIONS.size(1, 4).sharedLoad(10));
        Queue<Packet> answers = new ConcurrentLinkedQueue<>();
        AtomicInteger asked = new AtomicInteger();
        TransportContract.until("all sessions are shared", () -> {
            asked.incrementAndGet();
            pool.request(Packet.request("wait")).subscribe(answers::add);
            return pool.stats().shared() == 4;
        });
        assertThat(pool.stats().sharedCalls()).isBetween(31, asked.get());
        answer.tryEmitEmpty();
        TransportContract.until("all are answered", () -> answers.size() == asked.get());
        assertThat(answers.stream().map(Packet::payloadText).distinct()).hasSizeBetween(3, 4);
        TransportContract.until("one is enough", () -> pool.stats().shared() == 1);
    }

    @Test
    void sharedAndExclusiveSessionsAreDifferentOnes() {
        open(OPTIONS.size(1, 8));
        String shared = Objects.requireNonNull(pool.request(Packet.request("?")).block(LIMIT))
                .payloadText();
        assertThat(ask()).isNotEqualTo(shared);
        assertThat(pool.stats().shared()).isEqualTo(1);
    }

    @Test
    void sessionsThatEndAreReplaced() {
        open(OPTIONS.size(2, 4).start(Start.WARM_UP));
        release(acquire(1));
        assertThat(ask()).isNotEmpty();
        TransportContract.until("the server knows both", () -> server.sessionCount() == 2);
        server.sessions().forEach(Session::dispose);
        TransportContract.until("new ones are open", () -> pool.stats().evicted() >= 2 && server.sessionCount() >= 2);
        assertThat(pool.request(Packet.request("?")).retry(8).block(LIMIT)).isNotNull();
        server.sessions().forEach(Session::dispose);
        TransportContract.until("the shared one is gone", () -> pool.stats().shared() == 0);
        assertThat(pool.request(Packet.request("?")).retry(8).block(LIMIT)).isNotNull();
    }

    @Test
    void aPoolWhoseServerIsAwayFailsItsCallersAndFindsItAgain() {
        open(OPTIONS.size(1, 4));
        assertThat(ask()).isNotEmpty();
        int port = server.uri().getPort();
        TransportContract.stop(server);
        TransportContract.until(
                "it is noticed", () -> pool.stats().idle() == 0 && pool.stats().open() == 0);
        assertThatThrownBy(() -> pool.acquire().block(LIMIT)).isInstanceOf(ConnectFailedException.class);
        serve(port);
        assertThat(ask()).isNotEmpty();
        TransportContract.until("no permit was lost", () -> pool.stats().open() <= 2);
    }

    @Test
    void aPoolThatIsClosedLetsCallsEnd() {
        open(OPTIONS.size(1, 4));
        Mono<Packet> call = pool.request(Packet.request("wait")).cache();
        call.subscribe();
        TransportContract.until("it is under way", () -> pool.stats().sharedCalls() == 1);
        Mono<Void> closed = pool.close(LIMIT).cache();
        closed.subscribe();
        answer.tryEmitEmpty();
        assertThat(call.block(LIMIT)).isNotNull();
        closed.block(LIMIT);
        TransportContract.until("all are gone", () -> server.sessionCount() == 0);
        assertThatThrownBy(() -> pool.acquire().block(LIMIT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the pool is disposed");
    }

    @Test
    void presetsAreWhatTheySay() {
        open(OPTIONS);
        assertThat(PoolOptions.highThroughput().minSessions()).isEqualTo(1000);
        assertThat(PoolOptions.highThroughput().maxSessions()).isEqualTo(10_000);
        assertThat(PoolOptions.lowLatency().idleTimeout()).isEqualTo(Duration.ofMinutes(10));
        assertThat(PoolOptions.lowLatency().start()).isEqualTo(Start.WARM_UP);
        assertThat(PoolOptions.constrained().maxSessions()).isEqualTo(100);
        assertThat(PoolOptions.constrained().start()).isEqualTo(Start.LAZY);
        assertThatThrownBy(() -> OPTIONS.size(5, 4)).hasMessage("size 5..4 is outside 1..1000000");
        assertThatThrownBy(() -> OPTIONS.thresholds(0.2, 0.5))
                .hasMessage("thresholds 0.2, 0.5 are not in 0..1, the first above the second");
        assertThatThrownBy(() -> OPTIONS.growthFactors(1.0)).hasMessage("growthFactors [1.0] are not in 1.01..100");
    }
}
