package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOption;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.OpeningChannel;
import io.msgtrans.reactive.spi.PemCache;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.TransportProvider;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.Quic;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/** {@code quic}, on Netty's QUIC codec. */
public final class QuicTransport implements TransportProvider {

    private final PemCache<QuicSslContext> clients = new PemCache<>();
    private final ClientSockets sockets = new ClientSockets();

    @Override
    public Set<String> schemes() {
        return Set.of("quic");
    }

    @Override
    public Set<EndpointOption<?>> options() {
        return QuicOptions.ALL;
    }

    @Override
    public Sockets sockets() {
        return Sockets.UDP;
    }

    @Override
    public boolean isSecure(String scheme) {
        return true;
    }

    @Override
    public Mono<Listener> listen(SessionContext context) {
        return Mono.fromCallable(() -> {
                    requireNative();
                    QuicSettings settings = QuicSettings.of(context.endpoint());
                    InetAddress address = InetAddress.getByName(context.uri().getHost());
                    return new QuicListener(
                            context,
                            new InetSocketAddress(
                                    address, Math.max(0, context.uri().getPort())),
                            settings,
                            QuicTls.server(settings));
                })
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(QuicListener::bind);
    }

    @Override
    public Mono<Session> connect(SessionContext context) {
        return Mono.fromCallable(() -> {
                    requireNative();
                    QuicSettings settings = QuicSettings.of(context.endpoint());
                    InetAddress address = InetAddress.getByName(context.uri().getHost());
                    return new Connect(
                            context,
                            settings,
                            clients.get(context.endpoint(), () -> QuicTls.client(settings)),
                            new InetSocketAddress(address, context.uri().getPort()),
                            sockets,
                            new OpeningChannel());
                })
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(Connect::open)
                .onErrorMap(QuicErrors::explain);
    }

    private static void requireNative() {
        if (!Quic.isAvailable()) {
            throw new IllegalStateException(
                    "quic needs the native library netty-codec-native-quic for this platform",
                    Quic.unavailabilityCause());
        }
    }

    /** One connection of a client on its way: socket, handshake, stream, session. */
    private record Connect(
            SessionContext context,
            QuicSettings settings,
            QuicSslContext tls,
            InetSocketAddress remote,
            ClientSockets sockets,
            OpeningChannel opening) {

        Mono<Session> open() {
            return opening.closedByCancel(Mono.create(sink -> {
                EventLoop loop = context.loops().onClient(true).next();
                ClientSockets.Lease lease = sockets.acquire(
                        new ClientSockets.Key(context.endpoint(), context.uri().getHost(), remote, loop),
                        settings.options().get(QuicOptions.CONNECTIONS_PER_SOCKET),
                        () -> bind(loop));
                lease.channel().subscribe(socket -> handshake(socket, lease, sink), failed -> {
                    lease.release();
                    fail(sink, failed);
                });
            }));
        }

        /** Nobody hears of what fails because it was given up. */
        private void fail(MonoSink<Session> sink, Throwable cause) {
            if (!opening.isGivenUp()) {
                sink.error(cause);
            }
        }

        private Mono<Channel> bind(EventLoop loop) {
            InetSocketAddress local =
                    new InetSocketAddress(remote.getAddress() instanceof Inet4Address ? "0.0.0.0" : "::", 0);
            return new DatagramSockets(context, settings).bind(loop, local, false, new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel socket) {
                    socket.pipeline().addLast(codec(), LastHandler.INSTANCE);
                }
            });
        }

        private ChannelHandler codec() {
            String serverName = context.endpoint().serverName();
            String name = serverName == null ? context.uri().getHost() : serverName;
            return settings.apply(new QuicClientCodecBuilder(), remote.getAddress())
                    .sslEngineProvider(connection -> tls.newEngine(connection.alloc(), name, remote.getPort()))
                    .build();
        }

        private void handshake(Channel socket, ClientSockets.Lease lease, MonoSink<Session> sink) {
            if (opening.isGivenUp()) {
                lease.release();
                return;
            }
            QuicChannel.newBootstrap(socket)
                    .option(
                            QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                            new DatagramSockets(context, settings)
                                    .segments(socket.eventLoop(), settings.maxUdpPayload(remote.getAddress())))
                    .handler(new ChannelInitializer<QuicChannel>() {
                        @Override
                        protected void initChannel(QuicChannel connection) {
                            connection.closeFuture().addListener(closed -> lease.release());
                            connection
                                    .pipeline()
                                    .addLast(
                                            new ConnectionEvents(context, settings, connection),
                                            new Refusal(cause -> fail(sink, cause)));
                            opening.made(connection);
                        }
                    })
                    .streamHandler(new RefuseStream())
                    .remoteAddress(remote)
                    .connect()
                    .addListener(connected -> {
                        if (connected.isSuccess() && connected.getNow() instanceof QuicChannel connection) {
                            connection.pipeline().get(ConnectionEvents.class).established();
                            // Not now: Netty learns only behind this how many streams and datagrams the server allows.
                            connection.eventLoop().execute(() -> openSession(connection, sink));
                        } else {
                            lease.release();
                            fail(sink, Objects.requireNonNull(connected.cause()));
                        }
                    });
        }

        private void openSession(QuicChannel connection, MonoSink<Session> sink) {
            ConnectionEvents events = connection.pipeline().get(ConnectionEvents.class);
            openStream(connection, sink, stream -> {
                Session session = events.open(stream);
                long lanes = events.isExtended() ? settings.options().get(QuicOptions.LANES) : 1;
                openLanes(
                        connection,
                        Math.min(lanes - 1, connection.peerAllowedStreams(QuicStreamType.BIDIRECTIONAL)),
                        session,
                        sink);
            });
        }

        private void openLanes(QuicChannel connection, long more, Session session, MonoSink<Session> sink) {
            if (more <= 0) {
                connection.pipeline().remove(Refusal.class);
                sink.success(session);
                return;
            }
            ConnectionEvents events = connection.pipeline().get(ConnectionEvents.class);
            openStream(connection, sink, stream -> {
                events.openLane(stream);
                openLanes(connection, more - 1, session, sink);
            });
        }

        /** The peer sees a stream with its first bytes; ours gets them at once. */
        private void openStream(QuicChannel connection, MonoSink<Session> sink, Consumer<QuicStreamChannel> whenOpen) {
            connection
                    .createStream(QuicStreamType.BIDIRECTIONAL, new ChannelInboundHandlerAdapter())
                    .addListener(created -> {
                        if (created.isSuccess() && created.getNow() instanceof QuicStreamChannel stream) {
                            whenOpen.accept(stream);
                            if (connection
                                    .pipeline()
                                    .get(ConnectionEvents.class)
                                    .isExtended()) {
                                var unused = stream.write(QuicFraming.signOfLife());
                            }
                        } else {
                            connection.close();
                            fail(sink, Objects.requireNonNull(created.cause()));
                        }
                    });
        }
    }

    /** Says why there will be no session, at once and not after the time that a closed connection lingers. */
    private static final class Refusal extends ChannelInboundHandlerAdapter {
        private final Consumer<Throwable> refused;

        Refusal(Consumer<Throwable> refused) {
            this.refused = refused;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof QuicConnectionCloseEvent close) {
                refused(ctx, new IOException(QuicErrors.describe(close)));
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            refused(ctx, cause);
        }

        private void refused(ChannelHandlerContext ctx, Throwable cause) {
            ctx.pipeline().remove(this);
            ctx.channel().eventLoop().execute(ctx.channel()::close); // behind what tells the peer
            refused.accept(cause);
        }
    }

    /** A server has no reason to open a stream. */
    private static final class RefuseStream extends ChannelInitializer<QuicStreamChannel> {
        @Override
        protected void initChannel(QuicStreamChannel stream) {
            stream.shutdown(0);
        }
    }
}
