package io.msgtrans.reactive.test;

import io.msgtrans.reactive.EndpointOption;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.TransportProvider;
import io.msgtrans.reactive.tcp.TcpTransport;
import java.net.InetSocketAddress;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.NettyPipeline;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/** A user's own transport, scheme {@code marked}, with an option of its own on both sides. */
public final class MarkedTransport implements TransportProvider {

    /** The byte before each frame; both sides must agree. */
    static final EndpointOption<Integer> MARKER = new EndpointOption<>("marked.marker", Integer.class, 0x2A);

    private static final int DEFAULT_MAX_PAYLOAD = 1 << 24;

    @Override
    public Set<String> schemes() {
        return Set.of("marked");
    }

    @Override
    public Set<EndpointOption<?>> options() {
        return Set.of(MARKER);
    }

    @Override
    public Mono<Listener> listen(SessionContext context) {
        return TcpServer.create()
                .runOn(context.loops())
                .bindAddress(() -> new InetSocketAddress(
                        context.uri().getHost(), context.uri().getPort()))
                .doOnChannelInit((observer, channel, remote) -> {
                    if (!context.admit(channel)) {
                        channel.close();
                    }
                })
                .handle((in, out) -> {
                    in.withConnection(connection -> install(connection, context));
                    return Mono.never();
                })
                .bind()
                .map(bound -> TcpTransport.listener(context.uri(), bound));
    }

    @Override
    public Mono<Session> connect(SessionContext context) {
        return TcpClient.newConnection()
                .runOn(context.loops())
                .host(context.uri().getHost())
                .port(context.uri().getPort())
                .connect()
                .map(connection -> install(connection, context));
    }

    private static Session install(Connection connection, SessionContext context) {
        SessionHandler handler = context.handler(new LengthFraming(
                context.endpoint().get(MARKER), context.options().maxPayloadOr(DEFAULT_MAX_PAYLOAD)));
        connection.channel().pipeline().addBefore(NettyPipeline.ReactiveBridge, "marked", handler);
        return handler.session();
    }
}
