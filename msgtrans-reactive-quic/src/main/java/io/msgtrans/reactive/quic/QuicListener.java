package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.ListeningSocket;
import io.msgtrans.reactive.spi.SessionContext;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicChannelOption;
import io.netty.handler.codec.quic.QuicCodecDispatcher;
import io.netty.handler.codec.quic.QuicConnectionIdGenerator;
import io.netty.handler.codec.quic.QuicServerCodecBuilder;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Listens with one UDP socket for each event loop. The kernel spreads new connections over the sockets by address and
 * port; a connection whose client changes its address is found again by its connection id, which names the socket.
 */
final class QuicListener implements Listener {

    /** The transport error of a server that wants no more connections (RFC 9000 §20.1). */
    private static final int CONNECTION_REFUSED = 2;

    private final SessionContext context;
    private final InetSocketAddress address;
    private final QuicSettings settings;
    private final QuicSslContext tls;
    private final DatagramSockets sockets;
    private final List<Channel> channels = new CopyOnWriteArrayList<>();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final RetryTokens tokens;
    private final Dispatcher dispatcher = new Dispatcher();

    QuicListener(SessionContext context, InetSocketAddress address, QuicSettings settings, QuicSslContext tls) {
        this.context = context;
        this.address = address;
        this.settings = settings;
        this.tls = tls;
        this.sockets = new DatagramSockets(context, settings);
        this.tokens = new RetryTokens(this::validatesAddresses);
    }

    private boolean validatesAddresses() {
        return switch (settings.options().get(QuicOptions.ADDRESS_VALIDATION)) {
            case ALWAYS -> true;
            case NEVER -> false;
            case UNDER_LOAD -> handshakes.get() >= settings.options().get(QuicOptions.UNVALIDATED_HANDSHAKES);
        };
    }

    /** Binds all sockets, or none. */
    Mono<Listener> bind() {
        List<EventLoop> loops = new ArrayList<>();
        for (EventExecutor loop : context.loops().onServer(true)) {
            loops.add((EventLoop) loop);
        }
        boolean shares = sockets.canShare(loops.get(0));
        int wanted = settings.options().get(QuicOptions.SOCKETS);
        int count = shares ? (wanted == 0 ? loops.size() : wanted) : 1;
        return probe(loops.get(0), shares)
                .then(bindOne(loops.get(0), address, shares))
                .flatMapMany(first -> Flux.range(1, count - 1)
                        .concatMap(i -> bindOne(loops.get(i % loops.size()), first.localAddress(), shares)))
                .then(Mono.<Listener>just(this))
                .onErrorResume(error -> close().then(Mono.error(error)));
    }

    /** Sockets that share an address would also share it with another server; so nobody else may be there. */
    private Mono<Void> probe(EventLoop loop, boolean shares) {
        if (!shares || address.getPort() == 0) {
            return Mono.empty();
        }
        return sockets.bind(loop, address, false, new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {}
                })
                .flatMap(ListeningSocket::close);
    }

    private Mono<Channel> bindOne(EventLoop loop, java.net.SocketAddress local, boolean shares) {
        return sockets.bind(loop, local, shares, dispatcher).doOnNext(channels::add);
    }

    /** Gives each socket a codec, and packets that came to the wrong socket to the right one. */
    private final class Dispatcher extends QuicCodecDispatcher {
        @Override
        protected void initChannel(Channel channel, int idLength, QuicConnectionIdGenerator ids) {
            channel.pipeline()
                    .addLast(settings.apply(new QuicServerCodecBuilder(), address.getAddress())
                            .localConnectionIdLength(idLength)
                            .connectionIdAddressGenerator(ids)
                            .tokenHandler(tokens)
                            .sslEngineProvider(connection -> tls.newEngine(connection.alloc()))
                            .option(
                                    QuicChannelOption.SEGMENTED_DATAGRAM_PACKET_ALLOCATOR,
                                    sockets.segments(channel.eventLoop(), settings.maxUdpPayload(address.getAddress())))
                            .handler(new AcceptConnection())
                            .streamHandler(new AcceptStream())
                            .build())
                    .addLast(LastHandler.INSTANCE);
        }
    }

    private final class AcceptConnection extends ChannelInitializer<QuicChannel> {
        @Override
        protected void initChannel(QuicChannel connection) {
            if (!context.admit(connection, Objects.requireNonNull(connection.remoteSocketAddress()))) {
                // After the client's first packet, without whose keys nothing can be said.
                connection.pipeline().addLast(LastHandler.INSTANCE);
                connection
                        .eventLoop()
                        .execute(() -> connection.close(false, CONNECTION_REFUSED, Unpooled.EMPTY_BUFFER));
                return;
            }
            handshakes.incrementAndGet();
            connection
                    .pipeline()
                    .addLast(
                            new ConnectionEvents(context, settings, connection),
                            new HandshakeCount(handshakes),
                            LastHandler.INSTANCE);
        }

        @Override
        public boolean isSharable() {
            return true;
        }
    }

    private static final class AcceptStream extends ChannelInitializer<QuicStreamChannel> {
        @Override
        protected void initChannel(QuicStreamChannel stream) {
            ConnectionEvents events = stream.parent().pipeline().get(ConnectionEvents.class);
            if (events == null) {
                stream.shutdown(0);
            } else {
                events.accept(stream);
            }
        }

        @Override
        public boolean isSharable() {
            return true;
        }
    }

    @Override
    public URI uri() {
        URI uri = context.uri();
        int port = ((InetSocketAddress) channels.get(0).localAddress()).getPort();
        return URI.create(uri.getScheme() + "://" + uri.getRawAuthority().replaceFirst(":\\d+$", "") + ":" + port);
    }

    @Override
    public Mono<Void> stopAccepting() {
        return Mono.empty(); // no connection is admitted any more; the sockets carry those that live
    }

    @Override
    public Mono<Void> close() {
        return Flux.fromIterable(channels)
                .flatMap(ListeningSocket::close, Integer.MAX_VALUE)
                .then();
    }
}
