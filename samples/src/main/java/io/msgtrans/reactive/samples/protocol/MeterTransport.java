package io.msgtrans.reactive.samples.protocol;

import io.msgtrans.reactive.EndpointOption;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.PeerIdentity;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.TransportProvider;
import io.msgtrans.reactive.tcp.TcpTransport;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.NettyPipeline;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/** Listens and connects for {@code meter://HOST:PORT}, over TCP. */
public final class MeterTransport implements TransportProvider {

    /** How hard blocks are compressed: 0 not at all, 1 fast (default) .. 9 small. Each side decides for what it sends. */
    public static final EndpointOption<Integer> LEVEL = new EndpointOption<>("meter.level", Integer.class, 1);

    private static final int DEFAULT_MAX_PAYLOAD = 1 << 20;

    @Override
    public Set<String> schemes() {
        return Set.of("meter");
    }

    @Override
    public Set<EndpointOption<?>> options() {
        return Set.of(LEVEL);
    }

    @Override
    public Mono<Listener> listen(SessionContext context) {
        return TcpServer.create()
                .runOn(context.loops())
                .bindAddress(() -> new InetSocketAddress(
                        context.uri().getHost(), context.uri().getPort()))
                .childOption(ChannelOption.TCP_NODELAY, true)
                .doOnChannelInit((observer, channel, remote) -> {
                    if (!context.admit(channel)) {
                        channel.close();
                    }
                })
                .handle((in, out) -> {
                    in.withConnection(connection -> install(connection, context));
                    return Mono.never(); // ends with the channel
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
                .option(ChannelOption.TCP_NODELAY, true)
                .connect()
                .map(connection -> install(connection, context));
    }

    /** Called on the event loop, when the connection is open and nothing has been read. */
    private static Session install(Connection connection, SessionContext context) {
        var channel = connection.channel();
        int maxPayload = context.options().maxPayloadOr(DEFAULT_MAX_PAYLOAD);
        BlockEncoder blocks = new BlockEncoder(context.endpoint().get(LEVEL));
        SessionHandler handler = context.handler(
                new MeterFraming(maxPayload),
                new io.msgtrans.reactive.spi.Connection(
                        channel,
                        channel.localAddress(),
                        channel.remoteAddress(),
                        null,
                        blocks, // what session.transport(BlockEncoder.class) gives
                        null,
                        new PeerIdentity()),
                false);
        channel.pipeline()
                .addBefore(NettyPipeline.ReactiveBridge, "meter.inflate", new BlockDecoder())
                .addBefore(NettyPipeline.ReactiveBridge, "meter.deflate", blocks)
                .addBefore(NettyPipeline.ReactiveBridge, "meter.session", handler);
        return handler.session();
    }
}
