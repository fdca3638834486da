package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.msgtrans.reactive.AuthenticationException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.EndpointOptions.ClientCertificate;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.admission.AdmissionOptions;
import io.msgtrans.reactive.admission.AdmissionOptions.OverRate;
import io.msgtrans.reactive.admission.Authentication;
import io.msgtrans.reactive.admission.Handshake;
import io.msgtrans.reactive.admission.Rate;
import io.msgtrans.reactive.admission.TokenBucket;
import io.msgtrans.reactive.reconnect.ConnectionState;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import java.io.IOException;
import java.security.Principal;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Who may come in, and how much each may ask for. */
@ExtendWith(LeakCheck.class)
class AdmissionTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private final AtomicBoolean handlerCalled = new AtomicBoolean();
    private final AtomicReference<Handshake> seen = new AtomicReference<>();
    private BoundServer server;

    @AfterEach
    void end() {
        TransportContract.stop(server);
    }

    private void serve(String uri, UnaryOperator<TransportServer> how, Function<Session, Publisher<Void>> handler) {
        server = how.apply(TransportServer.create().listen(uri))
                .handle(session -> {
                    handlerCalled.set(true);
                    return handler.apply(session);
                })
                .bindNow();
    }

    private TransportClient client() {
        return TransportClient.create(server.uri().toString()).endpoint(o -> o.extensions(Extensions.ON));
    }

    private Mono<Principal> check(Handshake handshake, @Nullable String secret) {
        seen.set(handshake);
        return "sesame".equals(secret) ? Mono.just(() -> "ali") : Mono.empty();
    }

    private static Publisher<Void> tellName(Session session) {
        return session.receive()
                .flatMap(request -> session.reply(
                        request, Objects.requireNonNull(session.principal()).getName()))
                .then();
    }

    private static String ask(Session session) {
        return Objects.requireNonNull(session.request(Packet.request("?")).block(LIMIT))
                .payloadText();
    }

    // ---- who ----

    @ParameterizedTest
    @ValueSource(strings = {"tcp://127.0.0.1:0", "ws://127.0.0.1:0", "mem://first-packet"})
    void theFirstPacketSaysWhoItIsAndTheHandlerDoesNotSeeIt(String uri) {
        serve(
                uri,
                s -> s.authentication(Authentication.byFirstPacket(
                        LIMIT,
                        handshake -> check(
                                handshake,
                                Objects.requireNonNull(handshake.firstPacket()).payloadText()))),
                AdmissionTest::tellName);
        Session session = client().credentials(() -> Packet.request("sesame")).connectNow();
        assertThat(ask(session)).isEqualTo("ali");
        assertThat(session.principal()).isNull();
        session.dispose();

        handlerCalled.set(false);
        assertThatThrownBy(() -> client().credentials(() -> Packet.request("wrong"))
                        .connect()
                        .block(LIMIT))
                .isInstanceOf(AuthenticationException.class)
                .hasMessage(server.uri() + " does not let us in");
        assertThat(handlerCalled).isFalse();
        TransportContract.until("it is gone", () -> server.sessionCount() == 0);
        assertThat(server.stats().refused()).isEqualTo(1);
        assertThat(seen.get())
                .hasToString("Handshake[" + server.uri().getScheme() + " "
                        + seen.get().remoteAddress() + " ]");
    }

    @Test
    void whoSaysNothingInTimeIsNotLetIn() throws IOException {
        serve(
                "tcp://127.0.0.1:0",
                s -> s.authentication(
                        Authentication.byFirstPacket(Duration.ofMillis(100), handshake -> Mono.just(() -> "x"))),
                AdmissionTest::tellName);
        try (RawPeer silent = RawPeer.connect(server.uri())) {
            assertThat(silent.isClosedByPeer()).isTrue();
        }
        TransportContract.until("it is counted", () -> server.stats().refused() == 1);
        assertThat(handlerCalled).isFalse();
    }

    @Test
    void aWebSocketUpgradeIsRefusedByItsHeaders() {
        serve(
                "ws://127.0.0.1:0/chat",
                s -> s.authentication(Authentication.byHandshake(
                        LIMIT,
                        handshake -> check(
                                handshake,
                                Objects.requireNonNullElse(handshake.header("Authorization"), "")
                                        .replace("Bearer ", "")))),
                AdmissionTest::tellName);
        Session session = client().endpoint(o -> o.with(WebSocketOptions.AUTHORIZATION, "Bearer sesame"))
                .connectNow();
        assertThat(ask(session)).isEqualTo("ali");
        assertThat(seen.get().path()).isEqualTo("/chat");
        session.dispose();
        assertThatThrownBy(() -> client().connect().block(LIMIT))
                .isInstanceOf(AuthenticationException.class)
                .hasMessageContaining("HTTP 401");
        assertThat(server.stats().refused()).isEqualTo(1);
    }

    @Test
    void whoItIsMayBeFoundOutOnAnotherThread() {
        serve(
                "ws://127.0.0.1:0/chat",
                s -> s.authentication(Authentication.byHandshake(
                        LIMIT, handshake -> Mono.<Principal>just(() -> "ali").publishOn(Schedulers.boundedElastic()))),
                AdmissionTest::tellName);
        for (int i = 0; i < 50; i++) { // between the upgrade and the first packet nothing may be lost
            Session session = client().connectNow();
            assertThat(ask(session)).isEqualTo("ali");
            session.dispose();
        }
    }

    @Test
    void aTlsCertificateSaysWhoItIs() {
        TestCertificate certificate = TestCertificate.selfSigned("localhost");
        server = TransportServer.create()
                .listen(
                        "tcps://127.0.0.1:0",
                        o -> o.certificate(certificate.chain(), certificate.key())
                                .trust(certificate.chain())
                                .clientCertificate(ClientCertificate.OPTIONAL))
                .authentication(Authentication.byHandshake(
                        LIMIT,
                        handshake -> handshake.certificates().isEmpty()
                                ? Mono.empty()
                                : Mono.just(handshake.certificates().get(0).getSubjectX500Principal())))
                .handle(AdmissionTest::tellName)
                .bindNow();
        TransportClient client =
                client().endpoint(o -> o.trust(certificate.chain()).serverName("localhost"));
        Session known = client.endpoint(o -> o.certificate(certificate.chain(), certificate.key()))
                .connectNow();
        assertThat(ask(known)).isEqualTo("CN=localhost");
        assertThat(Objects.requireNonNull(known.tls()).getProtocol()).startsWith("TLSv1.");
        known.dispose();
        Session unknown = client.connectNow();
        assertThat(Objects.requireNonNull(unknown.onClose().block(LIMIT)).code())
                .isEqualTo(4401);
        assertThatThrownBy(() ->
                        client.credentials(() -> Packet.request("?")).connect().block(LIMIT))
                .isInstanceOf(AuthenticationException.class);
    }

    @Test
    void aReconnectingSessionDoesNotTryAgainWhatWasRefused() {
        serve(
                "tcp://127.0.0.1:0",
                s -> s.authentication(Authentication.byFirstPacket(LIMIT, handshake -> Mono.empty())),
                AdmissionTest::tellName);
        ReconnectingSession session = ReconnectingSession.of(
                client().credentials(() -> Packet.request("x")),
                ReconnectOptions.DEFAULTS.attempts(1000).minBackoff(Duration.ofMillis(1)));
        ConnectionState last = session.states().blockLast(LIMIT);
        assertThat(Objects.requireNonNull(last).kind()).isEqualTo(ConnectionState.Kind.FAILED);
        assertThat(last.error()).isInstanceOf(AuthenticationException.class);
        assertThat(server.stats().refused()).isEqualTo(1);
    }

    // ---- how much ----

    @Test
    void whoIsTooFastIsPacedAndLosesNothing() {
        AtomicInteger received = new AtomicInteger();
        serve(
                "tcp://127.0.0.1:0",
                s -> s.admission(a -> a.sessionRate(Rate.of(200, 10))),
                session -> session.receive()
                        .doOnNext(packet -> received.incrementAndGet())
                        .then());
        Session session = client().connectNow();
        long start = System.nanoTime();
        session.send(Flux.range(0, 110).map(i -> Packet.oneWay("x"))).block(LIMIT);
        TransportContract.until("all are there", () -> received.get() == 110);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .as("100 behind the burst, 5 ms each")
                .isGreaterThan(Duration.ofMillis(480));
        assertThat(server.stats().traffic().packetsRefused()).isZero();
        session.dispose();
    }

    @Test
    void orItIsRefusedAndCounted() {
        serve(
                "tcp://127.0.0.1:0",
                s -> s.admission(a -> a.sessionRate(Rate.of(0.001, 5)).overRate(OverRate.REFUSE)),
                TransportContract::echo);
        Session session = client().connectNow();
        session.receive().subscribe();
        for (int i = 0; i < 5; i++) {
            session.request(Packet.request("?")).block(LIMIT);
        }
        assertThatThrownBy(() -> session.request(Packet.request("?")).block(LIMIT))
                .asInstanceOf(type(PeerException.class))
                .satisfies(no -> assertThat(no.code()).isEqualTo(PeerException.OVERLOADED));
        assertThatThrownBy(() -> session.requestStream(Packet.request("?")).blockLast(LIMIT))
                .asInstanceOf(type(PeerException.class))
                .satisfies(no -> assertThat(no.code()).isEqualTo(PeerException.OVERLOADED));
        assertThat(session.offer(Packet.oneWay("x"))).isEqualTo(OfferResult.ACCEPTED);
        TransportContract.until(
                "all three are counted", () -> server.stats().traffic().packetsRefused() == 3);
        session.dispose();
    }

    @Test
    void sessionsOfAnAddressShareItsRate() {
        serve(
                "tcp://127.0.0.1:0",
                s -> s.admission(a -> a.addressRate(Rate.of(0.001, 4)).overRate(OverRate.REFUSE)),
                TransportContract::echo);
        Session one = client().connectNow();
        Session other = client().connectNow();
        for (int i = 0; i < 2; i++) {
            one.request(Packet.request("?")).block(LIMIT);
            other.request(Packet.request("?")).block(LIMIT);
        }
        assertThatThrownBy(() -> one.request(Packet.request("?")).block(LIMIT)).isInstanceOf(PeerException.class);
        assertThatThrownBy(() -> other.request(Packet.request("?")).block(LIMIT))
                .isInstanceOf(PeerException.class);
        one.dispose();
        other.dispose();
    }

    @Test
    void connectionsOfAnAddressHaveARate() {
        serve("tcp://127.0.0.1:0", s -> s.admission(a -> a.connectRate(Rate.of(0.001, 2))), TransportContract::echo);
        Session one = client().connectNow();
        Session other = client().connectNow();
        assertThatThrownBy(() -> client().connect().block(LIMIT)).isInstanceOf(ConnectFailedException.class);
        assertThat(server.stats().refused()).isEqualTo(1);
        one.dispose();
        other.dispose();
    }

    @Test
    void requestsThatWaitedTooLongAreShed() {
        serve(
                "tcp://127.0.0.1:0",
                s -> s.admission(a -> a.shedAfter(Duration.ofMillis(30))),
                session -> session.receive()
                        .concatMap(
                                request -> Mono.delay(Duration.ofMillis(100)).then(session.reply(request, "late")), 1)
                        .then());
        Session session = client().connectNow();
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger shed = new AtomicInteger();
        Flux.range(0, 20)
                .flatMap(i -> session.request(Packet.request("?"))
                        .doOnNext(answer -> answered.incrementAndGet())
                        .onErrorResume(PeerException.class, no -> {
                            shed.addAndGet(no.code() == PeerException.OVERLOADED ? 1 : 0);
                            return Mono.empty();
                        }))
                .blockLast(LIMIT);
        assertThat(answered.get() + shed.get()).isEqualTo(20);
        assertThat(shed.get()).isGreaterThan(10);
        assertThat(server.stats().traffic().packetsRefused()).isEqualTo(shed.get());
        session.close().block(LIMIT);
    }

    @Test
    void aBucketGivesItsBurstAndThenItsRate() {
        serve("mem://bucket", s -> s, TransportContract::echo);
        TokenBucket bucket = new TokenBucket(Rate.of(10, 3), 0);
        for (int i = 0; i < 3; i++) {
            assertThat(bucket.tryTake(0)).isTrue();
        }
        assertThat(bucket.tryTake(0)).isFalse();
        assertThat(bucket.nanosUntilNext(0)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(100));
        assertThat(bucket.tryTake(TimeUnit.MILLISECONDS.toNanos(100))).isTrue();
        assertThat(bucket.tryTake(TimeUnit.MILLISECONDS.toNanos(101))).isFalse();
        assertThat(bucket.isFull(TimeUnit.MILLISECONDS.toNanos(390))).isFalse();
        assertThat(bucket.isFull(TimeUnit.MILLISECONDS.toNanos(400))).isTrue();
        bucket.take(TimeUnit.SECONDS.toNanos(10));
        assertThatThrownBy(() -> Rate.of(0, 1)).hasMessage("rate 0.0, 1 is outside 0..10^9, 1..10^6");
        assertThatThrownBy(() -> AdmissionOptions.NONE.shedAfter(Duration.ZERO))
                .hasMessage("shedAfter PT0S is outside 1 ms..1 day");
    }
}
