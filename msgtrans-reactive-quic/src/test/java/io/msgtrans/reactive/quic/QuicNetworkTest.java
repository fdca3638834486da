package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.diagnostics.Diagnosis;
import io.msgtrans.reactive.diagnostics.Finding;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.test.LeakCheck;
import io.msgtrans.reactive.test.TestCertificate;
import io.msgtrans.reactive.test.TransportContract;
import io.msgtrans.reactive.test.UdpProxy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** Sessions over a network that delays, loses, cuts and moves. */
@ExtendWith(LeakCheck.class)
class QuicNetworkTest {

    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");
    private static final long SEED = 20_261_121;

    private BoundServer server;
    private UdpProxy network;

    @BeforeEach
    void bind() {
        server = TransportServer.create()
                .listen("quic://localhost:0", o -> o.certificate(LOCALHOST.chain(), LOCALHOST.key()))
                .handle(session -> session.send(session.receive()
                        .map(packet -> packet.type() == io.msgtrans.reactive.PacketType.REQUEST
                                ? packet.response(packet.payload())
                                : packet)))
                .bindNow();
        network = UdpProxy.to(server.uri().getPort(), SEED);
    }

    @AfterEach
    void end() {
        TransportContract.stop(server);
        network.close();
    }

    private Session connect(Duration idleTimeout) {
        return TransportClient.create("quic://localhost:" + network.port())
                .endpoint(o -> o.trust(LOCALHOST.chain()).with(QuicOptions.IDLE_TIMEOUT, idleTimeout))
                .connectNow();
    }

    @Test
    void aDiagnosisNamesTheLoss() {
        Session session = connect(Duration.ofSeconds(30));
        network.loss(0.05).delay(Duration.ofMillis(1));
        session.receive().subscribe();
        var load = session.send(Flux.generate(sink -> sink.next(Packet.oneWay("x".repeat(1000)))))
                .subscribe(nothing -> {}, error -> {});
        Monitor monitor = Monitor.of(server);
        List<Finding> findings = Diagnosis.of(monitor, Duration.ofSeconds(2)).block(TransportContract.LIMIT);
        assertThat(findings).extracting(Finding::cause).contains(Finding.Cause.NETWORK_LOSS);
        load.dispose();
        monitor.dispose();
        session.dispose();
    }

    @Test
    void everythingArrivesInOrderOverANetworkThatLosesOneInTwenty() {
        Session session = connect(Duration.ofSeconds(30));
        network.loss(0.05).delay(Duration.ofMillis(1));
        assertEchoesInOrder(session, 2_000);
        assertThat(network.lost()).isPositive();
        QuicStats stats = session.transport(QuicConnection.class).stats().block(TransportContract.LIMIT);
        assertThat(stats.packetsLost()).isPositive();
        session.dispose();
    }

    @Test
    void everythingArrivesOnceAndUnchangedOverANetworkThatReordersRepeatsAndCorrupts() {
        Session session = connect(Duration.ofSeconds(30));
        network.reorder(0.1).repeat(0.1).corrupt(0.02);
        assertEchoesInOrder(session, 1_000);
        session.dispose();
    }

    @ParameterizedTest
    @CsvSource({"1220, 1220", "1452, 1452", "9000, 9000", "65507, 16383"})
    void howLargeDatagramsMayBeIsFoundOut(int carried, int found) {
        network.maxBytes(carried);
        Session session = connect(Duration.ofSeconds(30));
        assertEchoesInOrder(session, 2_000);
        session.transport(QuicConnection.class)
                .stats()
                .filter(stats ->
                        Math.abs(stats.udpPayloadBytes() - found) <= 1) // the codec ends with the least that was lost
                .repeatWhenEmpty(times -> times.delayElements(Duration.ofMillis(10)))
                .block(TransportContract.LIMIT);
        assertEchoesInOrder(session, 2_000);
        if (carried < found) {
            assertThat(network.lost()).isPositive();
        }
        session.dispose();
    }

    @Test
    void aNamedSizeIsNotProbedFor() {
        network.maxBytes(1_400);
        Session session = TransportClient.create("quic://localhost:" + network.port())
                .endpoint(o -> o.trust(LOCALHOST.chain()).with(QuicOptions.MAX_UDP_PAYLOAD, 1_400))
                .connectNow();
        session.send(Packet.oneWay(new byte[1 << 20])).block(TransportContract.LIMIT);
        QuicStats stats = Objects.requireNonNull(
                session.transport(QuicConnection.class).stats().block(TransportContract.LIMIT));
        assertThat(stats.udpPayloadBytes()).isEqualTo(1_400);
        session.dispose();
    }

    private static void assertEchoesInOrder(Session session, int count) {
        Flux<Packet> echoed = session.receive().take(count);
        session.send(Flux.range(0, count).map(i -> Packet.oneWay(i + "-" + "x".repeat(i % 1000))))
                .subscribe(nothing -> {}, error -> {});
        int[] next = {0};
        Long correct = echoed.filter(packet -> {
                    int i = next[0]++;
                    return packet.payloadText().equals(i + "-" + "x".repeat(i % 1000));
                })
                .count()
                .block(TransportContract.LIMIT);
        assertThat(correct).isEqualTo(count);
    }

    @Test
    void aClientWhoseAddressChangesKeepsItsSession() {
        Session session = connect(Duration.ofSeconds(30));
        for (int move = 0; move < 12; move++) {
            assertThat(session.request(Packet.request("before move " + move), TransportContract.LIMIT)
                            .block(TransportContract.LIMIT))
                    .isNotNull();
            network.rebind();
        }
        assertThat(session.request(Packet.request("after"), TransportContract.LIMIT)
                        .map(Packet::payloadText)
                        .block(TransportContract.LIMIT))
                .isEqualTo("after");
        assertThat(server.sessionCount()).isEqualTo(1);
        assertThat(server.stats().opened()).isEqualTo(1);
        session.dispose();
    }

    @Test
    void aCutNetworkEndsTheSessionAfterTheIdleTimeout() {
        Session session = connect(Duration.ofMillis(500));
        assertThat(session.request(Packet.request("?")).block(TransportContract.LIMIT))
                .isNotNull();
        network.cut(true);
        CloseReason reason = session.onClose().block(TransportContract.LIMIT);
        assertThat(reason.isOrderly()).isFalse();
        assertThat(reason.message()).contains("quic.idleTimeout");
    }

    @Test
    void whatASlowNetworkDoesNotTakeWaitsAtItsPublisher() {
        Session session = connect(Duration.ofSeconds(30));
        network.loss(0.02).delay(Duration.ofMillis(2));
        byte[] payload = new byte[64 * 1024];
        Disposable sending = session.send(Flux.<Packet>generate(sink -> sink.next(Packet.oneWay(payload))))
                .subscribe(nothing -> {}, error -> {});
        AtomicLong most = new AtomicLong();
        session.receive()
                .doOnNext(packet -> most.accumulateAndGet(session.outboundQueuedBytes(), Math::max))
                .take(100)
                .blockLast(TransportContract.LIMIT);
        assertThat(most.get()).isBetween(1L, 1L << 20);
        sending.dispose();
        session.dispose();
    }
}
