package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOption;
import io.msgtrans.reactive.Session;
import java.util.Set;
import reactor.core.publisher.Mono;

/** Listens and connects for some URI schemes. Found by {@link java.util.ServiceLoader}; one object serves all. */
public interface TransportProvider {

    /** Kinds of sockets. */
    enum Sockets {
        /** None: within the process, or those of another server. */
        NONE,
        /** TCP. */
        TCP,
        /** UDP. */
        UDP
    }

    /** The URI schemes, in lower case. */
    Set<String> schemes();

    /** The options of an endpoint that have an effect here; others are refused before this provider is asked. */
    default Set<EndpointOption<?>> options() {
        return Set.of();
    }

    /** Whether a scheme of this provider uses TLS; the options of TLS are refused where it does not. */
    default boolean isSecure(String scheme) {
        return false;
    }

    /** What it runs on, and with it which options of sockets have an effect; others are refused. */
    default Sockets sockets() {
        return Sockets.NONE;
    }

    /**
     * Starts to listen. For each connection the provider asks {@link SessionContext#admit}, closes what is refused, and
     * adds {@link SessionContext#handler}. Errors are errors of the {@code Mono}; any exception will do.
     */
    Mono<Listener> listen(SessionContext context);

    /**
     * Opens a connection, adds {@link SessionContext#handler} and gives its session once the handler was added to an
     * active channel. Errors are errors of the {@code Mono}; any exception will do. Cancel gives up and frees what was
     * opened. The connect time-out is enforced by the caller.
     */
    Mono<Session> connect(SessionContext context);
}
