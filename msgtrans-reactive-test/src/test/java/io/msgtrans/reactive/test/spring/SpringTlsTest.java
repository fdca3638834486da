package io.msgtrans.reactive.test.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.spring.SessionHandlerBean;
import io.msgtrans.reactive.spring.TransportServerLifecycle;
import io.msgtrans.reactive.test.TestCertificate;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** TLS by SSL bundles, which are reloaded while the server runs. */
class SpringTlsTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final String PLAIN_AND_SECURE =
            "msgtrans.server.listen=tcp://127.0.0.1:0,tcps://127.0.0.1:0,ws://127.0.0.1:0";

    @TempDir
    Path folder = Path.of(".");

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Secured {
        @Bean
        SessionHandlerBean handler() {
            return session -> session.send(session.receive().map(packet -> packet.response("over TLS")));
        }
    }

    private ConfigurableApplicationContext run(String... properties) {
        String[] all = new String[properties.length + 4];
        System.arraycopy(properties, 0, all, 4, properties.length);
        all[0] = "spring.ssl.bundle.pem.own.keystore.certificate=" + folder.resolve("chain.pem");
        all[1] = "spring.ssl.bundle.pem.own.keystore.private-key=" + folder.resolve("key.pem");
        all[2] = "spring.ssl.bundle.pem.own.reload-on-update=true";
        all[3] = "spring.ssl.bundle.watch.file.quiet-period=100ms";
        return SpringApplications.run(WebApplicationType.NONE, Secured.class, all);
    }

    private void put(TestCertificate certificate) throws IOException {
        Files.copy(certificate.key(), folder.resolve("key.pem"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(certificate.chain(), folder.resolve("chain.pem"), StandardCopyOption.REPLACE_EXISTING);
    }

    private static TransportClient client(ConfigurableApplicationContext context, TestCertificate trusted) {
        return TransportClient.create(context.getBean(TransportServerLifecycle.class)
                        .uris()
                        .get(0)
                        .toString())
                .endpoint(endpoint -> endpoint.trust(trusted.chain()).serverName("localhost"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcps://127.0.0.1:0", "wss://127.0.0.1:0"})
    void aReloadedCertificateIsShownToNewSessionsAndOldOnesStay(String address) throws IOException {
        TestCertificate first = TestCertificate.selfSigned("localhost");
        TestCertificate second = TestCertificate.selfSigned("localhost");
        put(first);
        try (ConfigurableApplicationContext context =
                run("msgtrans.server.listen=" + address, "msgtrans.server.ssl-bundle=own")) {
            Session before = client(context, first).connectNow();
            put(second);
            TransportClient client = client(context, second);
            Session after = client.connect()
                    .retryWhen(Retry.fixedDelay(600, Duration.ofMillis(100))
                            .filter(ConnectFailedException.class::isInstance))
                    .block(LIMIT);
            assertThat(after.request(Packet.request("x"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("over TLS");
            assertThat(before.request(Packet.request("x"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("over TLS");
            before.dispose();
            after.dispose();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void addressesWithoutTlsStandBesideThoseWithIt(boolean byBundle) throws IOException {
        TestCertificate own = TestCertificate.selfSigned("localhost");
        put(own);
        try (ConfigurableApplicationContext context = byBundle
                ? run(PLAIN_AND_SECURE, "msgtrans.server.ssl-bundle=own")
                : run(
                        PLAIN_AND_SECURE,
                        "msgtrans.server.certificate=" + own.chain(),
                        "msgtrans.server.key=" + own.key())) {
            TransportServerLifecycle server = context.getBean(TransportServerLifecycle.class);
            for (URI uri : server.uris()) {
                Session session = TransportClient.create(uri.toString())
                        .endpoint(endpoint -> uri.getScheme().equals("tcps")
                                ? endpoint.trust(own.chain()).serverName("localhost")
                                : endpoint)
                        .connectNow();
                assertThat(session.request(Packet.request("x")).block(LIMIT)).isNotNull();
                session.dispose();
            }
        }
    }

    @Test
    void mutualTlsByTheBundlesTrustStore() throws IOException {
        TestCertificate own = TestCertificate.selfSigned("localhost");
        put(own);
        try (ConfigurableApplicationContext context = run(
                "spring.ssl.bundle.pem.own.truststore.certificate=" + folder.resolve("chain.pem"),
                "msgtrans.server.listen=tcps://127.0.0.1:0",
                "msgtrans.server.ssl-bundle=own",
                "msgtrans.server.client-certificate=required")) {
            Session known = client(context, own)
                    .endpoint(endpoint -> endpoint.certificate(own.chain(), own.key()))
                    .connectNow();
            assertThat(known.request(Packet.request("x"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("over TLS");
            known.dispose();
            // With TLS 1.3 the server refuses behind the client's handshake.
            Mono<?> stranger = client(context, own).connect().flatMap(session -> session.request(Packet.request("x")));
            assertThat(stranger.materialize().block(LIMIT).isOnError()).isTrue();
        }
    }

    @Test
    void theClientsBundleSaysWhomItTrusts() throws IOException {
        put(TestCertificate.selfSigned("localhost"));
        String uri = "tcps://localhost:" + freePort();
        try (ConfigurableApplicationContext context = run(
                "spring.ssl.bundle.pem.own.truststore.certificate=" + folder.resolve("chain.pem"),
                "msgtrans.server.listen=" + uri,
                "msgtrans.server.ssl-bundle=own",
                "msgtrans.client.uri=" + uri,
                "msgtrans.client.ssl-bundle=own")) {
            Session session = context.getBean(TransportClient.class).connectNow();
            assertThat(session.request(Packet.request("x"))
                            .map(Packet::payloadText)
                            .block(LIMIT))
                    .isEqualTo("over TLS");
            session.dispose();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
