package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BindFailedException;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.ClientCertificate;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

@ExtendWith(LeakCheck.class)
class TlsOptionsTest {

    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");
    private static final TestCertificate OTHER = TestCertificate.selfSigned("other.example");

    private static BoundServer serve(String scheme, UnaryOperator<EndpointOptions> options) {
        return TransportServer.create()
                .listen(
                        scheme + "://localhost:0",
                        o -> options.apply(o.certificate(LOCALHOST.chain(), LOCALHOST.key())))
                .handle(TransportContract::echo)
                .bindNow();
    }

    private static Packet ask(BoundServer server, UnaryOperator<EndpointOptions> options) {
        Session session = TransportClient.create(server.uri().toString())
                .endpoint(options)
                .connectNow();
        try {
            return session.request(Packet.request("?")).block(TransportContract.LIMIT);
        } finally {
            session.dispose();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcps", "wss"})
    void aCertificateOfAnUnknownAuthorityIsRefusedUnlessTrustIsWaived(String scheme) {
        BoundServer server = serve(scheme, o -> o);
        assertThatThrownBy(() -> ask(server, o -> o)).isInstanceOf(ConnectFailedException.class);
        assertThat(ask(server, o -> o.trust(LOCALHOST.chain()))).isNotNull();
        assertThat(ask(server, EndpointOptions::trustAllInsecurely)).isNotNull();
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcps", "wss"})
    void aCertificateForAnotherNameIsRefusedUnlessItIsPinned(String scheme) {
        BoundServer server = TransportServer.create()
                .listen(scheme + "://localhost:0", o -> o.certificate(OTHER.chain(), OTHER.key()))
                .handle(TransportContract::echo)
                .bindNow();
        assertThatThrownBy(() -> ask(server, o -> o.trust(OTHER.chain()))).isInstanceOf(ConnectFailedException.class);
        assertThatThrownBy(() -> ask(server, o -> o.pinnedCertificate(LOCALHOST.sha256())))
                .isInstanceOf(ConnectFailedException.class);
        assertThat(ask(server, o -> o.pinnedCertificate(OTHER.sha256()))).isNotNull();
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcps", "wss"})
    void theServerNamePicksTheCertificate(String scheme) {
        BoundServer server = serve(scheme, o -> o.certificate("other.example", OTHER.chain(), OTHER.key()));
        assertThat(ask(server, o -> o.trust(LOCALHOST.chain()))).isNotNull();
        assertThat(ask(server, o -> o.trust(OTHER.chain()).serverName("other.example")))
                .isNotNull();
        assertThatThrownBy(() -> ask(server, o -> o.trust(OTHER.chain()))).isInstanceOf(ConnectFailedException.class);
        TransportContract.stop(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcps", "wss"})
    void aServerMayRequireCertificatesOfItsClients(String scheme) {
        BoundServer server = serve(scheme, o -> o.trust(OTHER.chain()).clientCertificate(ClientCertificate.REQUIRED));
        assertThatThrownBy(() -> ask(server, o -> o.trust(LOCALHOST.chain())))
                .isInstanceOfAny(ConnectFailedException.class, ConnectionLostException.class);
        assertThat(ask(server, o -> o.trust(LOCALHOST.chain()).certificate(OTHER.chain(), OTHER.key())))
                .isNotNull();
        TransportContract.stop(server);
    }

    private static void copy(TestCertificate from, Path chain, Path key) throws IOException {
        Files.copy(from.chain(), chain, StandardCopyOption.REPLACE_EXISTING);
        Files.copy(from.key(), key, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void untilAnswers(BoundServer server, UnaryOperator<EndpointOptions> options) {
        Mono.fromCallable(() -> ask(server, options))
                .subscribeOn(Schedulers.boundedElastic())
                .retryWhen(Retry.fixedDelay(Long.MAX_VALUE, Duration.ofMillis(20)))
                .block(TransportContract.LIMIT);
    }

    private static boolean answers(BoundServer server, UnaryOperator<EndpointOptions> options) {
        try {
            return ask(server, options) != null;
        } catch (ConnectFailedException refused) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcps", "wss"})
    void changedFilesAreReadAgainWhileSessionsStay(String scheme, @TempDir Path folder) throws IOException {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        copy(LOCALHOST, chain, key);
        BoundServer server = TransportServer.create()
                .listen(
                        scheme + "://localhost:0",
                        o -> o.certificate(chain, key)
                                .certificate("renewed.example", chain, key)
                                .certificateCheck(Duration.ofMillis(20)))
                .handle(TransportContract::echo)
                .bindNow();
        Session open = TransportClient.create(server.uri().toString())
                .endpoint(o -> o.trust(LOCALHOST.chain()))
                .connectNow();

        Files.writeString(key, "no key");
        assertThat(answers(server, o -> o.trust(LOCALHOST.chain()))).isTrue();
        copy(OTHER, chain, key);
        untilAnswers(server, o -> o.pinnedCertificate(OTHER.sha256()));
        untilAnswers(server, o -> o.pinnedCertificate(OTHER.sha256()).serverName("renewed.example"));
        assertThat(answers(server, o -> o.trust(LOCALHOST.chain()))).isFalse();
        assertThat(open.request(Packet.request("?")).block(TransportContract.LIMIT))
                .isNotNull();
        open.dispose();
        TransportContract.stop(server);
    }

    @Test
    void changedAuthoritiesDecideWhoComesIn(@TempDir Path folder) throws IOException {
        Path trust = folder.resolve("trust.pem");
        Files.copy(LOCALHOST.chain(), trust);
        BoundServer server = serve(
                "tcps",
                o -> o.trust(trust)
                        .clientCertificate(ClientCertificate.REQUIRED)
                        .certificateCheck(Duration.ofMillis(20)));
        UnaryOperator<EndpointOptions> other = o -> o.trust(LOCALHOST.chain()).certificate(OTHER.chain(), OTHER.key());
        assertThatThrownBy(() -> ask(server, other))
                .isInstanceOfAny(ConnectFailedException.class, ConnectionLostException.class);
        Files.copy(OTHER.chain(), trust, StandardCopyOption.REPLACE_EXISTING);
        untilAnswers(server, other);
        TransportContract.stop(server);
    }

    @Test
    void aKeyThatIsNotThatOfTheCertificateIsToldAtBind() {
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("tcps://localhost:0", o -> o.certificate(LOCALHOST.chain(), OTHER.key()))
                        .bindNow())
                .isInstanceOf(BindFailedException.class)
                .hasMessageContaining(OTHER.key() + ": is not the key of certificate " + LOCALHOST.chain());
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("tcps://localhost:0", o -> o.certificate(LOCALHOST.chain(), LOCALHOST.chain()))
                        .bindNow())
                .hasMessageContaining("PKCS#8");
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("tcps://localhost:0", o -> o.certificate(LOCALHOST.key(), LOCALHOST.key()))
                        .bindNow())
                .hasMessageContaining(LOCALHOST.key() + ": is no certificate");
    }

    @Test
    void missingFilesAreNamed(@TempDir Path folder) {
        Path missing = folder.resolve("missing.pem");
        assertThatThrownBy(() -> TransportServer.create()
                        .listen("tcps://localhost:0", o -> o.certificate(missing, missing))
                        .bindNow())
                .hasMessageContaining(missing + ": no such file");
        assertThatThrownBy(() -> TransportClient.create("tcps://localhost:1")
                        .endpoint(o -> o.trust(missing))
                        .connectNow())
                .hasMessageContaining(missing + ": no such file");
        assertThatThrownBy(() -> TransportClient.create("tcps://localhost:1")
                        .endpoint(o -> o.trust(LOCALHOST.key()))
                        .connectNow())
                .hasMessageContaining(LOCALHOST.key() + ": is no certificate");
    }

    @Test
    void listeningWithoutACertificateSaysWhichOptionIsMissing() {
        assertThatThrownBy(() ->
                        TransportServer.create().listen("tcps://localhost:0").bindNow())
                .isInstanceOf(BindFailedException.class)
                .hasMessageContaining("certificate");
    }

    @Test
    void optionsOfTlsAreRefusedWhereTheyHaveNoEffect() {
        assertThatThrownBy(() -> TransportClient.create("tcp://127.0.0.1:1")
                        .endpoint(o -> o.trust(LOCALHOST.chain()))
                        .connectNow())
                .hasMessageContaining("TLS")
                .hasMessageContaining("tcp");
    }
}
