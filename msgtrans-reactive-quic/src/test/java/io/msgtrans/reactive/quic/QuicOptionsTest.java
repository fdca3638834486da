package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BindFailedException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.ClientCertificate;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.quic.QuicOptions.AddressValidation;
import io.msgtrans.reactive.spi.ReplaceableKeys;
import io.msgtrans.reactive.test.LeakCheck;
import io.msgtrans.reactive.test.TestCertificate;
import io.msgtrans.reactive.test.TransportContract;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

@ExtendWith(LeakCheck.class)
class QuicOptionsTest {

    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");
    private static final TestCertificate OTHER = TestCertificate.selfSigned("other.example");

    private static BoundServer serve(UnaryOperator<EndpointOptions> options) {
        return serve(options, session -> session.send(session.receive()));
    }

    private static BoundServer serve(
            UnaryOperator<EndpointOptions> options, Function<Session, Publisher<Void>> handler) {
        return TransportServer.create()
                .listen("quic://localhost:0", o -> options.apply(o.certificate(LOCALHOST.chain(), LOCALHOST.key())))
                .handle(handler)
                .bindNow();
    }

    private static Session connect(BoundServer server, UnaryOperator<EndpointOptions> options) {
        return TransportClient.create(server.uri().toString())
                .endpoint(o -> options.apply(o.trust(LOCALHOST.chain())))
                .connectNow();
    }

    private static void assertEchoes(Session session) {
        session.send(Packet.oneWay("?")).block(TransportContract.LIMIT);
        assertThat(session.receive().blockFirst(TransportContract.LIMIT)).isNotNull();
        session.close().block(TransportContract.LIMIT);
    }

    // ---- TLS ----

    @Test
    void aCertificateOfAnUnknownAuthorityIsRefused() {
        BoundServer server = serve(o -> o);
        assertThatThrownBy(() -> TransportClient.create(server.uri().toString()).connectNow())
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("option")
                .hasMessageContaining("trust");
        assertEchoes(connect(server, EndpointOptions::trustAllInsecurely));
        TransportContract.stop(server);
    }

    @Test
    void aCertificateForAnotherNameIsRefusedUnlessItIsPinned() {
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", o -> o.certificate(OTHER.chain(), OTHER.key()))
                .handle(session -> session.send(session.receive()))
                .bindNow();
        assertThatThrownBy(() -> connect(server, o -> o.trust(OTHER.chain())))
                .isInstanceOf(ConnectFailedException.class);
        assertThatThrownBy(() -> connect(server, o -> o.pinnedCertificate(LOCALHOST.sha256())))
                .isInstanceOf(ConnectFailedException.class);
        assertEchoes(connect(server, o -> o.pinnedCertificate(OTHER.sha256())));
        TransportContract.stop(server);
    }

    @Test
    void theServerNamePicksTheCertificate() {
        BoundServer server = serve(o -> o.certificate("other.example", OTHER.chain(), OTHER.key()));
        assertEchoes(connect(server, o -> o));
        assertEchoes(connect(server, o -> o.trust(OTHER.chain()).serverName("other.example")));
        TransportContract.stop(server);
    }

    @Test
    void aServerMayRequireCertificatesOfItsClients() {
        BoundServer server = serve(o -> o.trust(OTHER.chain()).clientCertificate(ClientCertificate.REQUIRED));
        assertEchoes(connect(server, o -> o.certificate(OTHER.chain(), OTHER.key())));
        assertThatThrownBy(() -> assertEchoes(connect(server, o -> o)))
                .isInstanceOfAny(ConnectFailedException.class, ConnectionLostException.class);
        TransportContract.stop(server);
    }

    @Test
    void replacedKeysAreShownToNewSessionsAndOldOnesStay() throws Exception {
        ReplaceableKeys keys = new ReplaceableKeys(keys(LOCALHOST));
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", o -> o.keys(keys))
                .handle(session -> session.send(session.receive()))
                .bindNow();
        Session before = connect(server, o -> o);
        keys.replace(keys(OTHER));
        assertThatThrownBy(() -> connect(server, o -> o)).isInstanceOf(ConnectFailedException.class);
        assertEchoes(connect(server, o -> o.trust(OTHER.chain()).serverName("other.example")));
        assertEchoes(before);
        TransportContract.stop(server);
    }

    private static X509ExtendedKeyManager keys(TestCertificate certificate) throws Exception {
        String pem = Files.readString(certificate.key()).replaceAll("-----[A-Z ]+-----", "");
        PrivateKey key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem)));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream chain = Files.newInputStream(certificate.chain())) {
            store.setKeyEntry("own", key, new char[0], new Certificate[] {
                CertificateFactory.getInstance("X.509").generateCertificate(chain)
            });
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return (X509ExtendedKeyManager) factory.getKeyManagers()[0];
    }

    // ---- options of QUIC ----

    @Test
    void withoutACommonProtocolTheErrorNamesTheOption() {
        BoundServer server = serve(o -> o.with(QuicOptions.ALPN, "ours"));
        assertThatThrownBy(() -> connect(server, o -> o))
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("ALPN")
                .hasMessageContaining("quic.alpn");
        assertEchoes(connect(server, o -> o.with(QuicOptions.ALPN, "theirs, ours")));
        TransportContract.stop(server);
    }

    @Test
    void extensionsAreAgreedOnlyWhereBothSidesKnowThem() {
        BoundServer server = serve(o -> o);
        BoundServer plain = serve(o -> o.extensions(Extensions.OFF));
        Session extended = connect(server, o -> o);
        assertThat(extended.transport(QuicConnection.class).isExtended()).isTrue();
        assertThat(extended.transport(QuicConnection.class).applicationProtocol())
                .isEqualTo("msgtrans/x1");
        assertEchoes(extended);
        for (Session session : List.of(connect(plain, o -> o), connect(server, o -> o.extensions(Extensions.OFF)))) {
            assertThat(session.transport(QuicConnection.class).isExtended()).isFalse();
            assertThat(session.transport(QuicConnection.class).applicationProtocol())
                    .isEqualTo("msgtrans");
            assertEchoes(session);
        }
        TransportContract.stop(server);
        TransportContract.stop(plain);
    }

    @Test
    void aClientThatOnlyListensIsSeenAtOnce() {
        BoundServer server = serve(
                o -> o, session -> session.send(Packet.oneWay("first word")).then(Mono.never()));
        Session session = connect(server, o -> o);
        assertThat(session.receive().blockFirst(TransportContract.LIMIT))
                .matches(packet -> packet.payloadText().equals("first word"));
        TransportContract.stop(server);
    }

    @Test
    void aSilentConnectionEndsAfterTheIdleTimeoutUnlessItIsKeptAlive() {
        BoundServer server = serve(o -> o);
        Duration idle = Duration.ofMillis(400);
        Session silent = connect(
                server, o -> o.with(QuicOptions.IDLE_TIMEOUT, idle).with(QuicOptions.KEEP_ALIVE, Duration.ZERO));
        Session kept = connect(
                server,
                o -> o.with(QuicOptions.IDLE_TIMEOUT, idle).with(QuicOptions.KEEP_ALIVE, Duration.ofMillis(100)));
        CloseReason reason = silent.onClose().block(TransportContract.LIMIT);
        assertThat(reason.isOrderly()).isFalse();
        assertThat(reason.message()).contains("quic.idleTimeout");
        assertThat(kept.isOpen()).isTrue();
        assertEchoes(kept);
        TransportContract.stop(server);
    }

    /** The first datagram of a client, as anybody may send it from any address. */
    private static byte[] firstDatagram() throws IOException {
        try (DatagramSocket nobody = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            nobody.setSoTimeout((int) TransportContract.LIMIT.toMillis());
            Disposable client = TransportClient.create("quic://127.0.0.1:" + nobody.getLocalPort())
                    .connect()
                    .onErrorComplete()
                    .subscribe();
            DatagramPacket first = new DatagramPacket(new byte[2048], 2048);
            nobody.receive(first);
            client.dispose();
            return Arrays.copyOf(first.getData(), first.getLength());
        }
    }

    @ParameterizedTest
    @CsvSource({"ALWAYS, 256, true", "UNDER_LOAD, 0, true", "UNDER_LOAD, 256, false", "NEVER, 0, false"})
    void aFirstDatagramFromAnyAddressIsAnsweredWithARetryAsTheOptionSays(
            AddressValidation when, int unvalidated, boolean retry) throws IOException {
        BoundServer server = serve(o ->
                o.with(QuicOptions.ADDRESS_VALIDATION, when).with(QuicOptions.UNVALIDATED_HANDSHAKES, unvalidated));
        try (DatagramSocket anybody = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            anybody.setSoTimeout((int) TransportContract.LIMIT.toMillis());
            byte[] first = firstDatagram();
            anybody.send(new DatagramPacket(
                    first,
                    first.length,
                    InetAddress.getLoopbackAddress(),
                    server.uri().getPort()));
            DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
            anybody.receive(answer);
            // RFC 9000 §17.2: long header, type 0 for Initial and 3 for Retry.
            assertThat(answer.getData()[0] & 0xF0).isEqualTo(retry ? 0xF0 : 0xC0);
        }
        assertEchoes(connect(server, o -> o));
        TransportContract.stop(server);
    }

    @Test
    void theLargestUdpPayloadBoundsDatagrams() {
        BoundServer server = serve(o -> o.with(QuicOptions.DATAGRAMS, true));
        Session small =
                connect(server, o -> o.with(QuicOptions.DATAGRAMS, true).with(QuicOptions.MAX_UDP_PAYLOAD, 1200));
        Session large =
                connect(server, o -> o.with(QuicOptions.DATAGRAMS, true).with(QuicOptions.MAX_UDP_PAYLOAD, 1400));
        assertThat(small.maxUnreliableBytes()).isLessThan(1200);
        assertThat(large.maxUnreliableBytes()).isGreaterThan(small.maxUnreliableBytes());
        TransportContract.stop(server);
    }

    @Test
    void connectionsSpreadOverTheEventLoops() {
        EventLoops loops =
                EventLoops.create(EventLoopOptions.DEFAULTS.name("quic-spread").threads(4));
        Set<String> threads = ConcurrentHashMap.newKeySet();
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", o -> o.certificate(LOCALHOST.chain(), LOCALHOST.key()))
                .runOn(loops)
                .handle(session -> session.send(session.receive()
                        .doOnNext(packet -> threads.add(Thread.currentThread().getName()))))
                .bindNow();
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            sessions.add(connect(server, o -> o));
        }
        sessions.forEach(QuicOptionsTest::assertEchoes);
        assertThat(threads).hasSizeGreaterThan(1);
        TransportContract.stop(server);
        loops.disposeLater().block(TransportContract.LIMIT);
    }

    @Test
    void connectionsOfAClientShareSockets() {
        BoundServer server = serve(o -> o);
        EventLoops loop =
                EventLoops.create(EventLoopOptions.DEFAULTS.name("quic-client").threads(1));
        TransportClient client = TransportClient.create(server.uri().toString())
                .endpoint(o -> o.trust(LOCALHOST.chain()).with(QuicOptions.CONNECTIONS_PER_SOCKET, 10))
                .runOn(loop);
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            sessions.add(client.connectNow());
        }
        assertThat(sessions.stream().map(Session::localAddress).distinct()).hasSize(3);
        sessions.forEach(QuicOptionsTest::assertEchoes);
        TransportContract.stop(server);
        loop.disposeLater().block(TransportContract.LIMIT);
    }

    @Test
    void thePeersCodeAndReasonArrive() {
        Sinks.One<CloseReason> reason = Sinks.one();
        BoundServer server = serve(o -> o, session -> {
            session.onClose().subscribe(reason::tryEmitValue);
            return session.receive().then();
        });
        Session session = connect(server, o -> o);
        session.send(Packet.oneWay("hello")).block(TransportContract.LIMIT);
        TransportContract.until("it is open", () -> server.sessionCount() == 1);
        session.close(CloseReason.of(4321, "enough")).block(TransportContract.LIMIT);
        assertThat(reason.asMono().block(TransportContract.LIMIT)).satisfies(told -> {
            assertThat(told.isOrderly()).isTrue();
            assertThat(told.code()).isEqualTo(4321);
            assertThat(told.message()).isEqualTo("enough");
        });
        TransportContract.stop(server);
    }

    @Test
    void figuresOfTheConnectionAreThere() {
        BoundServer server = serve(o -> o);
        Session session = connect(server, o -> o);
        session.send(Packet.oneWay(new byte[100_000])).block(TransportContract.LIMIT);
        assertThat(session.receive().blockFirst(TransportContract.LIMIT)).isNotNull();
        QuicStats stats = session.transport(QuicConnection.class).stats().block(TransportContract.LIMIT);
        assertThat(stats.bytesSent()).isGreaterThan(100_000);
        assertThat(stats.bytesReceived()).isGreaterThan(100_000);
        assertThat(stats.rtt()).isPositive();
        assertThat(stats.congestionWindowBytes()).isPositive();
        TransportContract.stop(server);
    }

    @Test
    void listeningWithoutACertificateSaysWhichOptionIsMissing() {
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("quic://localhost:0")
                        .handle(session -> Mono.never())
                        .bindNow())
                .isInstanceOf(BindFailedException.class)
                .hasMessageContaining("certificate");
    }

    @Test
    void anOptionOutsideItsRangeIsNamed() {
        assertThatThrownBy(() -> serve(o -> o.with(QuicOptions.STREAM_WINDOW, 1)))
                .isInstanceOf(BindFailedException.class)
                .hasMessageContaining("quic.streamWindow")
                .hasMessageContaining("65536");
    }
}
