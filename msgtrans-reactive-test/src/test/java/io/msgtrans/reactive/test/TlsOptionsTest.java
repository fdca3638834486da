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
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
