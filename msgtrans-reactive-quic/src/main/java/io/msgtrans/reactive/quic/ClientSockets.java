package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** The UDP sockets of clients. One carries the connections of one client to one server on one event loop, up to a number. */
final class ClientSockets {

    // Guarded by this.
    private final Map<Key, Socket> filling = new HashMap<>();

    /** What connections on the same socket have in common. */
    record Key(EndpointOptions endpoint, String host, InetSocketAddress remote, EventLoop loop) {}

    private static final class Socket {
        private final Key key;
        private final Mono<Channel> channel;
        private int connections;
        private int leases;

        Socket(Key key, Mono<Channel> channel) {
            this.key = key;
            this.channel = channel;
        }
    }

    /** The right of one connection to a socket; the last one to give it back closes the socket. */
    final class Lease {
        private final Socket socket;
        private boolean released;

        private Lease(Socket socket) {
            this.socket = socket;
        }

        Mono<Channel> channel() {
            return socket.channel;
        }

        void release() {
            synchronized (ClientSockets.this) {
                if (released) {
                    return;
                }
                released = true;
                if (--socket.leases > 0) {
                    return;
                }
                filling.remove(socket.key, socket);
            }
            socket.channel.subscribe(channel -> closeBehindWrites(channel, socket.key.remote()), bindFailed -> {});
        }
    }

    /** A close takes writes back that io_uring has not done, a connection's last packet among them. */
    private static void closeBehindWrites(Channel channel, InetSocketAddress remote) {
        channel.writeAndFlush(new DatagramPacket(Unpooled.EMPTY_BUFFER, remote))
                .addListener(written -> channel.close());
    }

    /**
     * A place on a socket.
     *
     * @param max how many connections a socket may carry in its life
     * @param bind binds a new one
     */
    synchronized Lease acquire(Key key, int max, Supplier<Mono<Channel>> bind) {
        Socket socket = filling.get(key);
        if (socket == null || socket.connections == max) {
            socket = new Socket(key, bind.get().cache());
            filling.put(key, socket);
        }
        socket.connections++;
        socket.leases++;
        return new Lease(socket);
    }
}
