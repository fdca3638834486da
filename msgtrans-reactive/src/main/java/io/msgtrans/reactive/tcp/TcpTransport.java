package io.msgtrans.reactive.tcp;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.ListeningSocket;
import io.msgtrans.reactive.spi.OpeningChannel;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.SocketSettings;
import io.msgtrans.reactive.spi.TlsContexts;
import io.msgtrans.reactive.spi.TransportProvider;
import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.NettyPipeline;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/** {@code tcp} and {@code tcps}, on Reactor Netty's bootstrap. */
public final class TcpTransport implements TransportProvider {

    private static final String HANDLER = "msgtrans.session";

    @Override
    public Set<String> schemes() {
        return Set.of("tcp", "tcps");
    }

    @Override
    public Sockets sockets() {
        return Sockets.TCP;
    }

    @Override
    public boolean isSecure(String scheme) {
        return "tcps".equals(scheme);
    }

    @Override
    public Mono<Listener> listen(SessionContext context) {
        return Mono.defer(() -> {
            TcpServer server = SocketSettings.server(TcpServer.create(), context)
                    .doOnChannelInit((observer, channel, remote) -> {
                        if (!context.admit(channel)) {
                            channel.close();
                        }
                    })
                    .handle((in, out) -> {
                        in.withConnection(connection -> accept(connection, context));
                        return Mono.never(); // ends with the channel
                    });
            Mono<? extends DisposableServer> bind = isSecure(context.uri().getScheme())
                    ? TlsContexts.server(context.uri(), context.endpoint(), true)
                            .flatMap(tls -> server.secure(tls).bind())
                    : server.bind();
            return bind.map(bound -> listener(context.uri(), bound));
        });
    }

    @Override
    public Mono<Session> connect(SessionContext context) {
        return Mono.defer(() -> {
            OpeningChannel opening = new OpeningChannel();
            TcpClient client = SocketSettings.client(TcpClient.newConnection(), context)
                    .doOnChannelInit((observer, channel, remote) -> opening.made(channel))
                    .host(context.uri().getHost())
                    .port(context.uri().getPort());
            Mono<? extends Connection> connect = isSecure(context.uri().getScheme())
                    ? TlsContexts.client(context.endpoint(), true)
                            .flatMap(tls -> client.secure(tls).connect())
                    : client.connect();
            boolean hello =
                    !isSecure(context.uri().getScheme()) && context.endpoint().extensions() == Extensions.ON;
            return opening.closedByCancel(connect.flatMap(connection -> {
                SessionHandler handler = handler(connection, context);
                add(connection, handler);
                return hello ? handler.sayHello() : Mono.just(handler.session());
            }));
        });
    }

    private static void accept(Connection connection, SessionContext context) {
        SessionHandler handler = handler(connection, context);
        boolean plain = connection.channel().pipeline().get(SslHandler.class) == null;
        add(connection, plain && context.endpoint().extensions() != Extensions.OFF ? handler.acceptHello() : handler);
    }

    private static SessionHandler handler(Connection connection, SessionContext context) {
        SslHandler tls = connection.channel().pipeline().get(SslHandler.class);
        boolean extended = tls != null && TlsContexts.EXTENDED.equals(tls.applicationProtocol());
        return context.handler(new PlainFraming(context.options()), null, extended);
    }

    /** Called on the event loop, when the connection is open and nothing has been read. */
    private static void add(Connection connection, SessionHandler handler) {
        connection.channel().pipeline().addBefore(NettyPipeline.ReactiveBridge, HANDLER, handler);
    }

    /** A listener over one of Reactor Netty's servers, with the port that it got. */
    public static Listener listener(URI uri, DisposableServer bound) {
        URI real = URI.create(uri.getScheme() + "://" + uri.getRawAuthority().replaceFirst(":\\d+$", "") + ":"
                + bound.port() + (uri.getRawPath() == null ? "" : uri.getRawPath()));
        return new Listener() {
            @Override
            public URI uri() {
                return real;
            }

            @Override
            public Mono<Void> stopAccepting() {
                return ListeningSocket.close(bound.channel());
            }
        };
    }
}
