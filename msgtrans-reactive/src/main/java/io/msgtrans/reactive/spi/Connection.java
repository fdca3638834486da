package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.LinkStats;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.SocketAddress;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The connection under a session.
 *
 * @param channel what was admitted and ends with the connection
 * @param local address of this end
 * @param remote address of the peer
 * @param datagrams its way beside the stream, or {@code null}
 * @param feature what the transport offers beyond the others, see {@code Session.transport}, or {@code null}
 * @param tls its TLS session, or {@code null}
 * @param identity who the peer is
 */
public record Connection(
        Channel channel,
        SocketAddress local,
        SocketAddress remote,
        @Nullable Datagrams datagrams,
        @Nullable Object feature,
        @Nullable SSLSession tls,
        PeerIdentity identity) {

    /** What the network under the connection does; empty where that is not known. */
    public Mono<LinkStats> link() {
        return feature instanceof Link link ? link.link() : KernelLink.of(channel);
    }

    /** A channel that is the connection itself. */
    public static Connection of(Channel channel) {
        return of(channel, new PeerIdentity());
    }

    /** A channel that is the connection itself, of a peer that may be known already. */
    public static Connection of(Channel channel, PeerIdentity identity) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        SSLSession tls = handler == null ? null : handler.engine().getSession();
        return new Connection(channel, channel.localAddress(), channel.remoteAddress(), null, null, tls, identity);
    }
}
