package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Certificate;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.X509ExtendedKeyManager;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.tcp.SslProvider;

/** TLS for transports on TCP, from the options of an endpoint: TLS 1.2 and 1.3, names checked by default. */
public final class TlsContexts {

    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    private TlsContexts() {}

    /** The application protocol of a peer that knows our wire extensions, and that of one that does not. */
    public static final String EXTENDED = "msgtrans/x1";

    private static final String PLAIN = "msgtrans";

    private static final PemCache<SslContext> CLIENTS = new PemCache<>();
    private static final PemCache<SslContext> NEGOTIATING_CLIENTS = new PemCache<>();

    /**
     * TLS for a listener, by the keys and authorities of its options, into which the server has read their PEM files. Fails with {@link
     * IllegalArgumentException} when there are none.
     *
     * @param negotiate whether the wire extensions are agreed on by TLS (ALPN), if the options want them
     */
    public static Mono<SslProvider> server(URI uri, EndpointOptions endpoint, boolean negotiate) {
        return Mono.fromCallable(() -> serverProvider(uri, endpoint, negotiate && wants(endpoint)))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private static boolean wants(EndpointOptions endpoint) {
        return endpoint.extensions() != Extensions.OFF;
    }

    /** A peer that names no protocol, or another one, is served as a plain one. */
    private static void negotiate(SslContextBuilder builder) {
        builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT,
                EXTENDED,
                PLAIN));
    }

    private static SslProvider serverProvider(URI uri, EndpointOptions endpoint, boolean negotiate) throws IOException {
        SslProvider.Builder builder = SslProvider.builder()
                .sslContext(serverContext(uri, endpoint, negotiate))
                .handshakeTimeout(endpoint.handshakeTimeout());
        for (Map.Entry<String, X509ExtendedKeyManager> entry :
                endpoint.sniKeys().entrySet()) {
            SslContext context = serverContext(entry.getValue(), endpoint, negotiate);
            builder.addSniMapping(entry.getKey(), spec -> spec.sslContext(context));
        }
        return builder.build();
    }

    private static SslContext serverContext(URI uri, EndpointOptions endpoint, boolean negotiate) throws IOException {
        X509ExtendedKeyManager keys = endpoint.keys();
        if (keys == null) {
            throw new IllegalArgumentException(
                    uri.getScheme() + " needs a certificate to listen: option certificate(chain, key)");
        }
        return serverContext(keys, endpoint, negotiate);
    }

    private static SslContext serverContext(X509ExtendedKeyManager keys, EndpointOptions endpoint, boolean negotiate)
            throws IOException {
        SslContextBuilder builder = SslContextBuilder.forServer(keys);
        builder.protocols(PROTOCOLS)
                .clientAuth(
                        switch (endpoint.clientCertificate()) {
                            case NONE -> ClientAuth.NONE;
                            case OPTIONAL -> ClientAuth.OPTIONAL;
                            case REQUIRED -> ClientAuth.REQUIRE;
                        });
        trust(builder, endpoint);
        if (negotiate) {
            negotiate(builder);
        }
        return builder.build();
    }

    private static void trust(SslContextBuilder builder, EndpointOptions endpoint) throws IOException {
        if (endpoint.authorities() != null) {
            builder.trustManager(endpoint.authorities());
        } else if (endpoint.trust() != null) {
            builder.trustManager(PemFiles.trust(endpoint.trust()));
        }
    }

    /**
     * TLS for a connection; reads the PEM files, when they are new or were changed, on a thread that may block. Fails with
     * {@link IOException} when one of them cannot be used.
     *
     * @param negotiate whether the wire extensions are agreed on by TLS (ALPN), if the options want them
     */
    public static Mono<SslProvider> client(EndpointOptions endpoint, boolean negotiate) {
        boolean offer = negotiate && wants(endpoint);
        PemCache<SslContext> clients = offer ? NEGOTIATING_CLIENTS : CLIENTS;
        return Mono.fromCallable(() ->
                        clientProvider(endpoint, clients.get(endpoint, () -> clientContext(endpoint, offer))))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private static SslContext clientContext(EndpointOptions endpoint, boolean offer) throws IOException {
        SslContextBuilder builder = SslContextBuilder.forClient().protocols(PROTOCOLS);
        if (endpoint.isTrustAllInsecurely()) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm("");
        } else if (endpoint.pinnedCertificate() != null) {
            builder.trustManager(new PinnedCertificate(endpoint.pinnedCertificate()));
        } else {
            trust(builder, endpoint);
        }
        X509ExtendedKeyManager keys = endpoint.keys();
        Certificate certificate = endpoint.certificate();
        if (keys != null) {
            builder.keyManager(keys);
        } else if (certificate != null) {
            builder.keyManager(PemFiles.keys(certificate));
        }
        if (offer) {
            negotiate(builder);
        }
        return builder.build();
    }

    private static SslProvider clientProvider(EndpointOptions endpoint, SslContext context) {
        SslProvider.Builder provider =
                SslProvider.builder().sslContext(context).handshakeTimeout(endpoint.connectTimeout());
        String serverName = endpoint.serverName();
        if (serverName != null) {
            provider.serverNames(new SNIHostName(serverName));
        }
        boolean checkName = !endpoint.isTrustAllInsecurely() && endpoint.pinnedCertificate() == null;
        return provider.handlerConfigurator(handler -> {
                    SSLParameters parameters = handler.engine().getSSLParameters();
                    parameters.setEndpointIdentificationAlgorithm(checkName ? "HTTPS" : "");
                    handler.engine().setSSLParameters(parameters);
                })
                .build();
    }
}
