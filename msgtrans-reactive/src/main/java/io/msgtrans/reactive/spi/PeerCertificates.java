package io.msgtrans.reactive.spi;

import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What a peer proved to own by mutual TLS. */
public final class PeerCertificates {

    private PeerCertificates() {}

    /** Its chain, its own first; empty without TLS, and when it showed none. */
    public static List<X509Certificate> of(@Nullable SSLSession tls) {
        if (tls == null) {
            return List.of();
        }
        try {
            return Arrays.stream(tls.getPeerCertificates())
                    .filter(X509Certificate.class::isInstance)
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (SSLPeerUnverifiedException none) {
            return List.of(); // how the JDK says that there is none
        }
    }
}
