package io.msgtrans.reactive;

import io.msgtrans.reactive.spi.SocketSettings;
import io.msgtrans.reactive.spi.TransportProvider;
import io.msgtrans.reactive.spi.TransportProvider.Sockets;
import io.msgtrans.reactive.wire.PayloadCodec;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The transports on the class path, by scheme. */
final class Transports {

    private static final Logger log = Loggers.getLogger(Transports.class);
    private static final Map<String, TransportProvider> BY_SCHEME = load();

    private Transports() {}

    private static Map<String, TransportProvider> load() {
        // Loads the optional native library here, on the caller's thread, and not later on an event loop.
        log.debug("zstd is available: {}", PayloadCodec.isAvailable(Compression.ZSTD));
        Map<String, TransportProvider> found = new TreeMap<>();
        for (TransportProvider provider :
                ServiceLoader.load(TransportProvider.class, TransportProvider.class.getClassLoader())) {
            for (String scheme : provider.schemes()) {
                found.put(scheme, provider);
            }
        }
        return found;
    }

    static URI parse(String uri) {
        URI parsed;
        try {
            parsed = new URI(uri);
        } catch (URISyntaxException wrong) {
            throw new IllegalArgumentException("not an address: " + uri + " (" + wrong.getReason() + ")", wrong);
        }
        if (parsed.getScheme() == null || parsed.getRawAuthority() == null) {
            throw new IllegalArgumentException("not an address: " + uri + " (expected scheme://host:port)");
        }
        String scheme = parsed.getScheme().toLowerCase(Locale.ROOT);
        return URI.create(scheme + uri.substring(scheme.length()));
    }

    static TransportProvider find(URI uri) {
        TransportProvider provider = BY_SCHEME.get(uri.getScheme());
        if (provider == null) {
            throw new IllegalArgumentException(
                    "no transport for the scheme " + uri.getScheme() + "; there are " + BY_SCHEME.keySet());
        }
        return provider;
    }

    /** The options of an address with a preset's for sockets, where it has such and these event loops can have them. */
    static EndpointOptions preset(URI uri, EndpointOptions endpoint, @Nullable Preset preset, LoopResources loops) {
        return preset == null || find(uri).sockets() != Sockets.TCP
                ? endpoint
                : preset.endpoint(endpoint, SocketSettings.hasEpoll(loops));
    }

    /** The same on other event loops, without what a preset has set that these cannot have. */
    static EndpointOptions onLoops(EndpointOptions endpoint, @Nullable Preset preset, LoopResources loops) {
        return preset == null || SocketSettings.hasEpoll(loops) ? endpoint : preset.withoutEpoll(endpoint);
    }

    /** Refuses options of another transport, and TLS where there is none: an option must not be silently without effect. */
    static void checkOptions(URI uri, EndpointOptions endpoint) {
        for (EndpointOption<?> option : endpoint.transportOptions().keySet()) {
            if (!find(uri).options().contains(option)) {
                throw new IllegalArgumentException("option " + option + " has no effect on " + uri.getScheme()
                        + "; it takes " + find(uri).options());
            }
        }
        Sockets sockets = find(uri).sockets();
        checkSockets(uri, "sharePort", endpoint.isSharePort(), sockets == Sockets.TCP);
        checkSockets(uri, "quickAck", endpoint.isQuickAck(), sockets == Sockets.TCP);
        checkSockets(uri, "busyPoll", !endpoint.busyPoll().isZero(), sockets != Sockets.NONE);
        checkSockets(
                uri,
                "socketBuffers",
                endpoint.sendBufferBytes() + (long) endpoint.receiveBufferBytes() > 0,
                sockets != Sockets.NONE);
        if (endpoint.hasTls() && !find(uri).isSecure(uri.getScheme())) {
            throw new IllegalArgumentException("options of TLS have no effect on " + uri.getScheme());
        }
    }

    private static void checkSockets(URI uri, String option, boolean isSet, boolean hasEffect) {
        if (isSet && !hasEffect) {
            throw new IllegalArgumentException("option " + option + " has no effect on " + uri.getScheme());
        }
    }
}
