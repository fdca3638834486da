package io.msgtrans.reactive.spring;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.spi.ReplaceableKeys;
import io.msgtrans.reactive.spi.ReplaceableTrust;
import java.util.stream.Stream;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import reactor.util.Logger;
import reactor.util.Loggers;

/** TLS by one of Boot's SSL bundles. When that is reloaded, handshakes from then on use what is new; open sessions stay. */
final class BundleTls {

    private static final Logger log = Loggers.getLogger(BundleTls.class);

    private final String name;
    private final @Nullable ReplaceableKeys keys;
    private final @Nullable ReplaceableTrust trust;

    /** @throws org.springframework.boot.ssl.NoSuchSslBundleException when there is none of that name */
    BundleTls(SslBundles bundles, String name) {
        SslBundle bundle = bundles.getBundle(name);
        this.name = name;
        this.keys = bundle.getStores().getKeyStore() == null ? null : new ReplaceableKeys(keys(bundle));
        this.trust = bundle.getStores().getTrustStore() == null ? null : new ReplaceableTrust(trust(bundle));
        bundles.addBundleUpdateHandler(name, this::replace);
    }

    EndpointOptions apply(EndpointOptions endpoint) {
        EndpointOptions changed = keys == null ? endpoint : endpoint.keys(keys);
        return trust == null ? changed : changed.authorities(trust);
    }

    private void replace(SslBundle bundle) {
        if (keys != null) {
            keys.replace(keys(bundle));
        }
        if (trust != null) {
            trust.replace(trust(bundle));
        }
        log.info("SSL bundle {} was reloaded, new sessions use it", name);
    }

    private X509ExtendedKeyManager keys(SslBundle bundle) {
        return only(X509ExtendedKeyManager.class, bundle.getManagers().getKeyManagers());
    }

    private X509ExtendedTrustManager trust(SslBundle bundle) {
        return only(X509ExtendedTrustManager.class, bundle.getManagers().getTrustManagers());
    }

    private <T> T only(Class<T> type, Object[] managers) {
        return Stream.of(managers)
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("SSL bundle " + name + " has no " + type.getSimpleName()));
    }
}
