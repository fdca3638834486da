package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.EndpointOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** TLS on the command line, for both sides. */
final class TlsOptions {

    @Option(names = "--certificate", paramLabel = "PEM", description = "Certificate chain of this side.")
    private @Nullable Path certificate;

    @Option(names = "--key", paramLabel = "PEM", description = "Private key of --certificate (PKCS#8).")
    private @Nullable Path key;

    @Option(
            names = "--trust",
            paramLabel = "PEM",
            description = "Authorities that the peer's certificate must come from.")
    private @Nullable Path trust;

    @Option(names = "--insecure", description = "Client: accept any certificate. For tests only.")
    private boolean insecure;

    EndpointOptions apply(EndpointOptions options) {
        EndpointOptions changed = options;
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException("--certificate and --key belong together");
        }
        if (certificate != null && key != null) {
            changed = changed.certificate(certificate, key);
        }
        if (trust != null) {
            changed = changed.trust(trust);
        }
        return insecure ? changed.trustAllInsecurely() : changed;
    }

    boolean hasCertificate() {
        return certificate != null;
    }

    /** Whether a URI needs these options. */
    static boolean isNeededFor(String uri) {
        return uri.matches("(?i)(tcps|wss|quic):.*");
    }
}
