package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.test.LeakCheck;
import io.msgtrans.reactive.test.Seed;
import io.msgtrans.reactive.test.SessionFaults;
import io.msgtrans.reactive.test.TestCertificate;
import io.msgtrans.reactive.test.TransportContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

@ExtendWith(LeakCheck.class)
class QuicFaultsTest {

    private static final int REQUESTS = 100;
    /** Nothing here ends by it. */
    private static final Duration LONG = Duration.ofMinutes(5);

    private static BoundServer serve(Path chain, Path key) {
        return TransportServer.create()
                .listen(
                        "quic://localhost:0",
                        options -> options.certificate(chain, key)
                                .certificateCheck(Duration.ofMillis(20))
                                .with(QuicOptions.IDLE_TIMEOUT, LONG))
                .handle(TransportContract::echo)
                .bindNow();
    }

    private static TransportClient client(BoundServer server, TestCertificate trusted) {
        return TransportClient.create(server.uri().toString())
                .endpoint(options -> options.trust(trusted.chain()).with(QuicOptions.IDLE_TIMEOUT, LONG))
                .session(options -> options.requestTimeout(TransportContract.LIMIT));
    }

    private static void assertEchoes(Session session) {
        List<Integer> lengths = Flux.range(1, REQUESTS)
                .flatMapSequential(i -> session.request(Packet.request(new byte[i])), 32)
                .map(answer -> answer.payload().length)
                .collectList()
                .block(TransportContract.LIMIT);
        assertThat(lengths).isEqualTo(Flux.range(1, REQUESTS).collectList().block());
    }

    /** The last word needs room in a congestion window that is full, and quiche tells nobody that it had none. */
    @Test
    void aSessionThatIsDisposedWhileItSendsEndsAtItsPeerToo() {
        TestCertificate certificate = QuicContractTest.LOCALHOST;
        BoundServer server = serve(certificate.chain(), certificate.key());
        for (int i = 0; i < 200; i++) {
            Session session = client(server, certificate).connectNow();
            session.receive().subscribe(packet -> {}, error -> {});
            Disposable sending = session.send(Flux.range(0, 1000).map(n -> Packet.oneWay(new byte[n])))
                    .subscribe(nothing -> {}, error -> {});
            Mono.delay(Duration.ofNanos(2_500L * i)).block();
            sending.dispose();
            session.dispose();
        }
        TransportContract.until("all are gone", () -> server.sessionCount() == 0);
        TransportContract.stop(server);
    }

    @Test
    void faultsOfOneSessionDelayAndSplitItsStream(@Seed long seed) {
        TestCertificate certificate = QuicContractTest.LOCALHOST;
        BoundServer server = serve(certificate.chain(), certificate.key());
        Session session = client(server, certificate).connectNow();
        SessionFaults faults =
                SessionFaults.on(session, seed).delay(Duration.ofMillis(2)).split(7);
        assertEchoes(session);
        faults.cut(true);
        assertThat(session.request(Packet.request("?"), Duration.ofMillis(200))
                        .materialize()
                        .block(TransportContract.LIMIT)
                        .getThrowable())
                .isInstanceOf(RequestTimeoutException.class);
        faults.cut(false);
        assertEchoes(session);
        session.close().block(TransportContract.LIMIT);
        TransportContract.until("the server knows", () -> server.sessionCount() == 0);
        TransportContract.stop(server);
    }

    @Test
    void aChangedCertificateIsUsedByHandshakesFromThenOn(@TempDir Path folder) throws IOException {
        TestCertificate first = QuicContractTest.LOCALHOST;
        Path chain = Files.copy(first.chain(), folder.resolve("chain.pem"));
        Path key = Files.copy(first.key(), folder.resolve("key.pem"));
        BoundServer server = serve(chain, key);
        Session before = client(server, first).connectNow();
        assertEchoes(before);

        TestCertificate second = TestCertificate.selfSigned("localhost");
        Files.copy(second.key(), key, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(second.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
        Session after = client(server, second)
                .connect()
                .retryWhen(Retry.fixedDelay(500, Duration.ofMillis(20)))
                .block(TransportContract.LIMIT);
        assertThat(after).isNotNull();
        assertEchoes(after);
        assertEchoes(before);
        after.dispose();
        before.dispose();
        TransportContract.stop(server);
    }

    /** Quiche has no room for a goodbye then, and does not come to an end by itself when it says it before its handshake is confirmed. */
    @Test
    void whoLeavesAtOnceWithMoreToSendThanTheWindowTakesIsMissedAtOnce() {
        TestCertificate certificate = QuicContractTest.LOCALHOST;
        BoundServer server = serve(certificate.chain(), certificate.key());
        TransportClient client = client(server, certificate);
        for (int i = 0; i < 50; i++) {
            Session session = client.connectNow();
            session.send(Flux.range(0, 1000).map(length -> Packet.oneWay(new byte[length])))
                    .subscribe(nothing -> {}, error -> {});
            session.dispose();
        }
        Session last = client.connectNow();
        assertEchoes(last);
        last.dispose();
        TransportContract.until("the server knows", () -> server.sessionCount() == 0);
        TransportContract.stop(server);
    }

    @Test
    void thePeerHearsOfTheEndOfASessionThatIsSending() {
        TestCertificate certificate = QuicContractTest.LOCALHOST;
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", options -> options.certificate(certificate.chain(), certificate.key()))
                .handle(session -> session.send(Flux.range(0, 10_000_000).map(i -> Packet.oneWay(new byte[1000]))))
                .bindNow();
        Session session = client(server, certificate).connectNow();
        session.receive().take(1000).blockLast(TransportContract.LIMIT);
        server.sessions().forEach(Session::dispose);
        session.receive().subscribe(packet -> {}, error -> {});
        assertThat(session.onClose().block(TransportContract.LIMIT))
                .isEqualTo(new CloseReason(CloseReason.Kind.PEER, 1000, ""));
        TransportContract.stop(server);
    }
}
