package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.test.LeakCheck;
import io.msgtrans.reactive.test.TestCertificate;
import io.msgtrans.reactive.test.TransportContract;
import io.msgtrans.reactive.test.UdpProxy;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What QUIC can and TCP cannot: several lanes, and packets that may be lost. */
@ExtendWith(LeakCheck.class)
class QuicLanesTest {

    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");

    private static BoundServer serve(
            UnaryOperator<EndpointOptions> options, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create()
                .listen("quic://localhost:0", o -> options.apply(o.certificate(LOCALHOST.chain(), LOCALHOST.key())))
                .handle(handler)
                .bindNow();
    }

    private static Session connect(int port, UnaryOperator<EndpointOptions> options) {
        return TransportClient.create("quic://localhost:" + port)
                .endpoint(o -> options.apply(o.trust(LOCALHOST.chain())))
                .connectNow();
    }

    private static UnaryOperator<EndpointOptions> lanes(int lanes) {
        return options -> options.with(QuicOptions.LANES, lanes);
    }

    private static Publisher<Void> replyToEach(Session session) {
        return session.receive().flatMap(packet -> session.reply(packet, packet.payload()), 256);
    }

    // ---- lanes ----

    @Test
    void theLowerNumberOfLanesCountsAndPeersWithoutExtensionsHaveOne() {
        Queue<Session> accepted = new ConcurrentLinkedQueue<>();
        BoundServer server = serve(lanes(3), session -> {
            accepted.add(session);
            return replyToEach(session);
        });
        Session four = connect(server.uri().getPort(), lanes(4));
        assertThat(four.lanes()).isEqualTo(3);
        TransportContract.until(
                "the server has all lanes",
                () -> !accepted.isEmpty() && accepted.element().lanes() == 3);
        for (int lane = 0; lane < 3; lane++) {
            assertThat(four.lane(lane)
                            .request(Packet.request("on " + lane), TransportContract.LIMIT)
                            .map(Packet::payloadText)
                            .block(TransportContract.LIMIT))
                    .isEqualTo("on " + lane);
        }
        assertThatThrownBy(() -> four.lane(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(connect(server.uri().getPort(), lanes(2)).lanes()).isEqualTo(2);
        assertThat(connect(server.uri().getPort(), o -> o).lanes()).isEqualTo(1);
        assertThat(connect(server.uri().getPort(), o -> lanes(3).apply(o).extensions(Extensions.OFF))
                        .lanes())
                .isEqualTo(1);
        TransportContract.stop(server);
    }

    @Test
    void aSmallPacketDoesNotWaitForALargeOne() {
        UnaryOperator<EndpointOptions> slow =
                options -> lanes(2).apply(options).with(QuicOptions.STREAM_WINDOW, 1 << 16);
        AtomicBoolean largeArrived = new AtomicBoolean();
        BoundServer server = serve(
                slow,
                session -> session.receive().flatMap(packet -> {
                    if (packet.type() == PacketType.REQUEST) {
                        return session.reply(packet, Boolean.toString(largeArrived.get()));
                    }
                    largeArrived.set(true);
                    return Mono.empty();
                }));
        // 8 MiB at 64 KiB for each round trip of 10 ms take more than a second.
        UdpProxy network = UdpProxy.to(server.uri().getPort(), 1).delay(Duration.ofMillis(5));
        Session session = connect(network.port(), slow);
        assertThat(session.offer(Packet.oneWay(new byte[8 << 20]))).isEqualTo(OfferResult.ACCEPTED);
        Packet urgent = Packet.builder(PacketType.REQUEST)
                .flags(Packet.FLAG_HIGH_PRIORITY)
                .payload(new byte[10])
                .build();
        assertThat(session.request(urgent, TransportContract.LIMIT)
                        .map(Packet::payloadText)
                        .block(TransportContract.LIMIT))
                .isEqualTo("false");
        assertThat(session.request(Packet.request("behind the large one"), TransportContract.LIMIT)
                        .map(Packet::payloadText)
                        .block(TransportContract.LIMIT))
                .isEqualTo("true");
        TransportContract.stop(server);
        network.close();
    }

    @Test
    void closingWritesWhatEveryLaneAccepted() {
        Queue<Packet> received = new ConcurrentLinkedQueue<>();
        BoundServer server = serve(
                lanes(3), session -> session.receive().doOnNext(received::add).then());
        Session session = connect(server.uri().getPort(), lanes(3));
        int accepted = 0;
        for (int i = 0; i < 3_000; i++) {
            accepted += session.lane(i % 3).offer(Packet.oneWay("" + i)) == OfferResult.ACCEPTED ? 1 : 0;
        }
        session.close().block(TransportContract.LIMIT);
        TransportContract.until("the server has seen the end", () -> server.sessionCount() == 0);
        assertThat(received).hasSize(accepted);
        assertThat(server.stats().traffic().packetsReceived()).isEqualTo(accepted);
        assertThat(session.stats().packetsSent()).isEqualTo(accepted);
        TransportContract.stop(server);
    }

    @Test
    void lanesKeepTheirOrderUnderDemandInBothDirections() {
        BoundServer server = serve(
                lanes(2),
                session -> session.receive()
                        .limitRate(16)
                        .flatMap(packet ->
                                session.lane(packet.bizType() % session.lanes()).send(Mono.just(packet))));
        Session session = connect(server.uri().getPort(), lanes(2));
        int count = 2_000;
        for (int lane = 0; lane < 2; lane++) {
            int biz = lane;
            session.lane(lane)
                    .send(Flux.range(0, count)
                            .map(i -> Packet.builder(PacketType.ONE_WAY)
                                    .bizType(biz)
                                    .payload("" + i)
                                    .build()))
                    .subscribe();
        }
        int[] next = new int[2];
        Boolean inOrder = session.receive()
                .limitRate(16)
                .take(2L * count)
                .map(packet -> packet.payloadText().equals("" + next[packet.bizType()]++))
                .reduce(true, Boolean::logicalAnd)
                .block(TransportContract.LIMIT);
        assertThat(inOrder).isTrue();
        TransportContract.stop(server);
    }

    // ---- datagrams ----

    private static EndpointOptions datagrams(EndpointOptions options) {
        return options.with(QuicOptions.DATAGRAMS, true);
    }

    @Test
    void unreliablePacketsTravelAsDatagramsWhereBothSidesWantThem() {
        BoundServer server = serve(
                QuicLanesTest::datagrams,
                session -> session.receive().doOnNext(session::offerUnreliable).then());
        Session session = connect(server.uri().getPort(), QuicLanesTest::datagrams);
        assertThat(session.maxUnreliableBytes()).isBetween(1_000, 1_500);
        assertThatThrownBy(() -> session.offerUnreliable(Packet.oneWay(new byte[session.maxUnreliableBytes()])))
                .isInstanceOf(LimitException.class)
                .hasMessageContaining("maxUdpPayload");
        Mono<Packet> answer = session.receive().next();
        assertThat(Flux.interval(Duration.ofMillis(20)) // may be lost even here
                        .doOnNext(tick -> session.offerUnreliable(Packet.oneWay("state")))
                        .takeUntilOther(answer.doOnNext(
                                packet -> assertThat(packet.payloadText()).isEqualTo("state")))
                        .count()
                        .block(TransportContract.LIMIT))
                .isNotNull();
        TransportContract.stop(server);
    }

    @Test
    void withoutDatagramsAnUnreliablePacketIsSentAsAnyOther() {
        BoundServer server = serve(o -> o, session -> session.send(session.receive()));
        Session session = connect(server.uri().getPort(), QuicLanesTest::datagrams);
        assertThat(session.maxUnreliableBytes()).isZero();
        assertThat(session.offerUnreliable(Packet.oneWay(new byte[100_000]))).isEqualTo(OfferResult.ACCEPTED);
        assertThat(session.receive().blockFirst(TransportContract.LIMIT).payloadLength())
                .isEqualTo(100_000);
        TransportContract.stop(server);
    }

    @Test
    void datagramsWithoutDemandAreDroppedAndCounted() {
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", o -> datagrams(o.certificate(LOCALHOST.chain(), LOCALHOST.key())))
                .session(o -> o.inboundPackets(1))
                .handle(session -> Mono.never())
                .bindNow();
        Session session = connect(server.uri().getPort(), QuicLanesTest::datagrams);
        assertThat(Flux.interval(Duration.ofMillis(10))
                        .doOnNext(tick -> session.offerUnreliable(Packet.oneWay("state")))
                        .takeUntil(tick -> server.stats().traffic().unreliableDropped() > 0)
                        .count()
                        .block(TransportContract.LIMIT))
                .isPositive();
        assertThat(session.isOpen()).isTrue();
        TransportContract.stop(server);
    }
}
