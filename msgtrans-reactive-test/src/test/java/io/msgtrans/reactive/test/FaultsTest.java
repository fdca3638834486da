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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What sessions make of a network that does things to them; and that the network does them. */
@ExtendWith(LeakCheck.class)
class FaultsTest {

    private static final int REQUESTS = 400;

    private BoundServer server;

    @BeforeEach
    void start() {
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.requestTimeout(Duration.ofSeconds(20)))
                .handle(session -> session.send(session.receive().map(packet -> packet.response(packet.payload()))))
                .bindNow();
    }

    @AfterEach
    void stop() {
        TransportContract.stop(server);
    }

    private static Session connect(TcpProxy proxy) {
        return TransportClient.create("tcp://127.0.0.1:" + proxy.port())
                .session(options -> options.requestTimeout(Duration.ofSeconds(20)))
                .connectNow();
    }

    private static byte[] payload(int i) {
        byte[] payload = new byte[i % 700 + 4];
        Arrays.fill(payload, (byte) i);
        payload[0] = (byte) (i >>> 8);
        return payload;
    }

    /** Requests of many sizes, each answered with what it carried. */
    private static void assertEchoes(Session session) {
        List<byte[]> answers = Flux.range(0, REQUESTS)
                .flatMapSequential(i -> session.request(Packet.request(payload(i))), 32)
                .map(Packet::payload)
                .collectList()
                .block(TransportContract.LIMIT);
        assertThat(answers).hasSize(REQUESTS);
        for (int i = 0; i < REQUESTS; i++) {
            assertThat(answers.get(i)).isEqualTo(payload(i));
        }
    }

    private void through(long seed, Consumer<TcpProxy> faults) {
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort(), seed)) {
            faults.accept(proxy);
            Session session = connect(proxy);
            assertEchoes(session);
            session.close().block(TransportContract.LIMIT);
        }
    }

    @Test
    void whatComesInPiecesIsWhole(@Seed long seed) {
        through(seed, proxy -> proxy.split(7));
    }

    @Test
    void whatComesTogetherIsApart(@Seed long seed) {
        through(seed, proxy -> proxy.join(Duration.ofMillis(20)));
    }

    @Test
    void whatComesSlowlyComes(@Seed long seed) {
        through(seed, proxy -> proxy.throttle(400_000));
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort(), seed).throttle(1_000)) {
            Session session = connect(proxy);
            // It would take two hundred seconds.
            assertThat(session.request(Packet.request(new byte[100_000]), Duration.ofMillis(200))
                            .materialize()
                            .block(TransportContract.LIMIT)
                            .getThrowable())
                    .isInstanceOf(RequestTimeoutException.class);
            session.dispose();
        }
    }

    @Test
    void aResetFailsWhatIsUnderWayAndNothingElse() {
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort()).delay(TransportContract.LIMIT)) {
            Session session = connect(proxy);
            Session other = TransportClient.create(server.uri().toString()).connectNow();
            Mono<Packet> answer = session.request(Packet.request("?")).cache();
            answer.subscribe(packet -> {}, error -> {});
            TransportContract.until("both are there", () -> server.sessionCount() == 2);
            proxy.reset();
            assertThat(answer.materialize().block(TransportContract.LIMIT).getThrowable())
                    .isInstanceOf(ConnectionLostException.class);
            assertEchoes(other);
            other.close().block(TransportContract.LIMIT);
        }
    }

    @Test
    void aHalfOpenConnectionIsEndedByTheTimeOutOfTheRequest() {
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort())) {
            Session session = connect(proxy);
            assertEchoes(session);
            proxy.forget();
            TransportContract.until("the server has noticed", () -> server.sessionCount() == 0);
            assertThat(session.isOpen()).isTrue();
            assertThat(session.request(Packet.request("?"), Duration.ofMillis(200))
                            .materialize()
                            .block(TransportContract.LIMIT)
                            .getThrowable())
                    .isInstanceOf(RequestTimeoutException.class);
            session.dispose();
        }
    }

    @Test
    void aCutThatIsHealedKeepsTheOrder(@Seed long seed) {
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort(), seed).split(50)) {
            Session session = connect(proxy);
            Mono<List<byte[]>> answers = Flux.range(0, REQUESTS)
                    .flatMapSequential(i -> session.request(Packet.request(payload(i))), 32)
                    .map(Packet::payload)
                    .collectList()
                    .cache();
            answers.subscribe(all -> {}, error -> {});
            Flux.interval(Duration.ofMillis(2))
                    .doOnNext(tick -> proxy.cut(tick % 2 == 0))
                    .takeUntilOther(answers.onErrorComplete())
                    .blockLast(TransportContract.LIMIT);
            List<byte[]> all = answers.block(TransportContract.LIMIT);
            for (int i = 0; i < REQUESTS; i++) {
                assertThat(all.get(i)).isEqualTo(payload(i));
            }
            session.dispose();
        }
    }

    @Test
    void aPeerThatStopsReadingHoldsTheSenderUp() {
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort()).reading(false)) {
            Session session = connect(proxy);
            AtomicInteger asked = new AtomicInteger();
            int all = 200_000;
            Mono<Void> sent = session.send(Flux.range(0, all)
                            .doOnNext(i -> asked.incrementAndGet())
                            .map(i -> Packet.oneWay(new byte[1000])))
                    .cache();
            sent.subscribe(nothing -> {}, error -> {});
            TransportContract.until("the sender waits", () -> session.stats().full() == 1);
            assertThat(asked.get()).isLessThan(all);
            proxy.reading(true);
            sent.block(TransportContract.LIMIT);
            session.dispose();
        }
    }

    @Test
    void flippedBitsEndOneSessionAtMost(@Seed long seed) {
        Session other = TransportClient.create(server.uri().toString()).connectNow();
        try (TcpProxy proxy = TcpProxy.to(server.uri().getPort(), seed).corrupt(0.3)) {
            for (int i = 0; i < 20; i++) {
                Session session = connect(proxy);
                // TCP has no check of its own against this: an answer may be wrong, late, or none; nothing hangs.
                Flux.range(0, 50)
                        .flatMap(each -> session.request(Packet.request(payload(each)), Duration.ofMillis(300))
                                .onErrorComplete())
                        .blockLast(TransportContract.LIMIT);
                session.dispose();
            }
        }
        assertEchoes(other);
        other.close().block(TransportContract.LIMIT);
    }
}
