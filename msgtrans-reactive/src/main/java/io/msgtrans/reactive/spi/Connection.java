package io.msgtrans.reactive.spi;

import io.netty.channel.Channel;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The connection under a session, where that is not just the channel that carries its bytes.
 *
 * @param channel what was admitted and ends with the connection
 * @param local address of this end
 * @param remote address of the peer
 * @param datagrams its way beside the stream, or {@code null}
 * @param feature what the transport offers beyond the others, see {@code Session.transport}, or {@code null}
 */
public record Connection(
        Channel channel,
        SocketAddress local,
        SocketAddress remote,
        @Nullable Datagrams datagrams,
        @Nullable Object feature) {

    /** A channel that is the connection itself. */
    public static Connection of(Channel channel) {
        return new Connection(channel, channel.localAddress(), channel.remoteAddress(), null, null);
    }
}
