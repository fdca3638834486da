package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Certificate;
import io.msgtrans.reactive.spi.PemFiles;
import io.msgtrans.reactive.spi.PinnedCertificate;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.DomainWildcardMappingBuilder;
import java.io.IOException;
import java.util.Map;
import javax.net.ssl.X509ExtendedKeyManager;

/** TLS 1.3 of QUIC from the options of an endpoint. Reads PEM files: not to be called on an event loop. */
final class QuicTls {

    private QuicTls() {}

    /**
     * TLS for a listener, by keys and authorities into which the server has read the PEM files.
     *
     * @throws IllegalArgumentException when there is no certificate
     * @throws IOException when the trusted authorities cannot be used
     */
    static QuicSslContext server(QuicSettings settings) throws IOException {
        EndpointOptions endpoint = settings.options();
        X509ExtendedKeyManager keys = endpoint.keys();
        if (keys == null) {
            throw new IllegalArgumentException("quic needs a certificate to listen: option certificate(chain, key)");
        }
        QuicSslContext byDefault = serverContext(keys, settings);
        if (endpoint.sniKeys().isEmpty()) {
            return byDefault;
        }
        DomainWildcardMappingBuilder<QuicSslContext> mapping = new DomainWildcardMappingBuilder<>(byDefault);
        for (Map.Entry<String, X509ExtendedKeyManager> entry :
                endpoint.sniKeys().entrySet()) {
            mapping.add(entry.getKey(), serverContext(entry.getValue(), settings));
        }
        return QuicSslContextBuilder.buildForServerWithSni(mapping.build());
    }

    private static QuicSslContext serverContext(X509ExtendedKeyManager keys, QuicSettings settings) throws IOException {
        EndpointOptions endpoint = settings.options();
        QuicSslContextBuilder builder = QuicSslContextBuilder.forServer(keys, null);
        builder.applicationProtocols(settings.protocols())
                .clientAuth(
                        switch (endpoint.clientCertificate()) {
                            case NONE -> ClientAuth.NONE;
                            case OPTIONAL -> ClientAuth.OPTIONAL;
                            case REQUIRED -> ClientAuth.REQUIRE;
                        });
        trust(builder, endpoint);
        return builder.build();
    }

    private static void trust(QuicSslContextBuilder builder, EndpointOptions endpoint) throws IOException {
        if (endpoint.authorities() != null) {
            builder.trustManager(endpoint.authorities());
        } else if (endpoint.trust() != null) {
            builder.trustManager(PemFiles.trust(endpoint.trust()));
        }
    }

    /**
     * TLS for connections.
     *
     * @throws IOException when a PEM file cannot be used
     */
    static QuicSslContext client(QuicSettings settings) throws IOException {
        EndpointOptions endpoint = settings.options();
        QuicSslContextBuilder builder = QuicSslContextBuilder.forClient().applicationProtocols(settings.protocols());
        if (endpoint.isTrustAllInsecurely()) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm("");
        } else if (endpoint.pinnedCertificate() != null) {
            builder.trustManager(new PinnedCertificate(endpoint.pinnedCertificate()))
                    .endpointIdentificationAlgorithm("");
        } else {
            trust(builder, endpoint);
        }
        X509ExtendedKeyManager keys = endpoint.keys();
        Certificate certificate = endpoint.certificate();
        if (keys != null) {
            builder.keyManager(keys, null);
        } else if (certificate != null) {
            builder.keyManager(PemFiles.keys(certificate), null);
        }
        return builder.build();
    }
}
