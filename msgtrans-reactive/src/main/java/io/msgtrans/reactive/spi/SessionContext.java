package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.admission.Handshake;
import io.msgtrans.reactive.channel.SessionHandler;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.net.URI;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** What a transport gets to listen or connect. */
public interface SessionContext {

    /** The address to listen on or to connect to. */
    URI uri();

    /** How. */
    EndpointOptions endpoint();

    /** The options of the sessions. */
    SessionOptions options();

    /** The event loops to run on. */
    LoopResources loops();

    /**
     * Asks for a place for a connection that was just accepted, before anything was read from it, and starts its
     * handshake time-out. When the answer is false the caller closes the channel. The place is given back when the
     * channel closes.
     */
    default boolean admit(Channel channel) {
        return admit(channel, channel.remoteAddress());
    }

    /** The same for a channel whose {@code remoteAddress()} is not the peer's address. */
    boolean admit(Channel channel, SocketAddress remote);

    /** Counts a peer that the transport does not let in. */
    default void refused(SocketAddress remote) {}

    /**
     * Who the peer of an HTTP upgrade is. Fails with {@code AuthenticationException} when it is to be refused; the identity then
     * goes with the {@link Connection} to {@link #handler}.
     */
    default Mono<PeerIdentity> authenticate(Handshake handshake) {
        return Mono.fromSupplier(PeerIdentity::new);
    }

    /**
     * The handler that makes the channel a session when it is added to the pipeline of an active channel, in place of
     * whatever decoded frames before, and gets {@code ByteBuf}s only.
     */
    default SessionHandler handler(Framing framing) {
        return handler(framing, null, false);
    }

    /**
     * The same, with more.
     *
     * @param connection what was admitted, when the channel is only a part of it
     * @param extended whether both sides agreed on the wire extensions
     */
    SessionHandler handler(Framing framing, @Nullable Connection connection, boolean extended);
}
