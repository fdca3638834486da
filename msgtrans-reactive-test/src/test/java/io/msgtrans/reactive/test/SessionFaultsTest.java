package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class SessionFaultsTest {

    private static final int REQUESTS = 300;

    private static BoundServer serve(String scheme) {
        return TransportServer.create()
                .listen(scheme.equals("mem") ? "mem://" + UUID.randomUUID() : scheme + "://127.0.0.1:0")
                .handle(TransportContract::echo)
                .bindNow();
    }

    private static Session connect(BoundServer server) {
        return TransportClient.create(server.uri().toString())
                .session(options -> options.requestTimeout(Duration.ofSeconds(20)))
                .connectNow();
    }

    private static void assertEchoes(Session session) {
        List<Integer> lengths = Flux.range(1, REQUESTS)
                .flatMapSequential(i -> session.request(Packet.request(new byte[i])), 32)
                .map(answer -> answer.payload().length)
                .collectList()
                .block(TransportContract.LIMIT);
        assertThat(lengths).isEqualTo(Flux.range(1, REQUESTS).collectList().block());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void whatIsDelayedSplitJoinedAndThrottledIsWhole(String scheme, @Seed long seed) {
        BoundServer server = serve(scheme);
        Session session = connect(server);
        SessionFaults faults = SessionFaults.on(session, seed);
        assertEchoes(session);
        faults.delay(Duration.ofMillis(5)).split(7);
        assertEchoes(session);
        faults.split(0).join(Duration.ofMillis(5));
        assertEchoes(session);
        faults.join(Duration.ZERO).delay(Duration.ZERO).throttle(500_000);
        assertEchoes(session);
        session.close().block(TransportContract.LIMIT);
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void aHalfOpenSessionIsHeardOfWhenItIsHealed(String scheme, @Seed long seed) {
        BoundServer server = serve(scheme);
        Session session = connect(server);
        SessionFaults faults = SessionFaults.on(session, seed).cut(true);
        assertThat(session.request(Packet.request("?"), Duration.ofMillis(200))
                        .materialize()
                        .block(TransportContract.LIMIT)
                        .getThrowable())
                .isInstanceOf(RequestTimeoutException.class);
        assertThat(session.isOpen()).isTrue();
        faults.cut(false);
        assertEchoes(session);
        session.close().block(TransportContract.LIMIT);
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void aResetLosesWhatIsUnderWay(String scheme, @Seed long seed) {
        BoundServer server = serve(scheme);
        Session session = connect(server);
        SessionFaults faults = SessionFaults.on(session, seed).delay(Duration.ofMinutes(1));
        Mono<Packet> answer = session.request(Packet.request("?")).cache();
        answer.subscribe(packet -> {}, error -> {});
        TransportContract.until("it waits", () -> session.stats().pendingRequests() == 1);
        faults.reset();
        assertThat(answer.materialize().block(TransportContract.LIMIT).getThrowable())
                .isInstanceOf(ConnectionLostException.class);
        TransportContract.until("the server knows", () -> server.sessionCount() == 0);
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void aSenderWaitsForALinkThatTakesNothing(String scheme, @Seed long seed) {
        BoundServer server = serve(scheme);
        Session session = connect(server);
        session.receive().subscribe();
        SessionFaults faults = SessionFaults.on(session, seed).cut(true);
        AtomicInteger asked = new AtomicInteger();
        int all = 30_000;
        Mono<Void> sent = session.send(Flux.range(0, all)
                        .doOnNext(i -> asked.incrementAndGet())
                        .map(i -> Packet.oneWay(new byte[1000])))
                .cache();
        sent.subscribe(nothing -> {}, error -> {});
        TransportContract.until("it waits", () -> session.stats().full() == 1);
        assertThat(asked.get()).isLessThan(all);
        faults.cut(false);
        sent.block(TransportContract.LIMIT);
        session.close().block(TransportContract.LIMIT);
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mem", "tcp", "ws"})
    void flippedBitsEndOneSessionAtMost(String scheme, @Seed long seed) {
        BoundServer server = serve(scheme);
        Session other = connect(server);
        for (int i = 0; i < 20; i++) {
            Session session = connect(server);
            SessionFaults.on(session, seed + i).corrupt(0.3);
            Flux.range(1, 50)
                    .flatMap(each -> session.request(Packet.request(new byte[each]), Duration.ofMillis(300))
                            .onErrorComplete())
                    .blockLast(TransportContract.LIMIT);
            session.dispose();
        }
        assertEchoes(other);
        other.dispose();
        TransportContract.stop(server);
    }
}
