package io.msgtrans.reactive.websocket;

import io.msgtrans.reactive.AuthenticationException;
import io.msgtrans.reactive.EndpointOption;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.admission.Handshake;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.OpeningChannel;
import io.msgtrans.reactive.spi.PeerCertificates;
import io.msgtrans.reactive.spi.PeerIdentity;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.SocketSettings;
import io.msgtrans.reactive.spi.TlsContexts;
import io.msgtrans.reactive.spi.TransportProvider;
import io.msgtrans.reactive.tcp.TcpTransport;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketClientHandshakeException;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.security.Principal;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientState;
import reactor.netty.http.client.WebsocketClientSpec;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.WebsocketServerSpec;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.resources.ConnectionProvider;

/** {@code ws} and {@code wss}: Reactor Netty makes the upgrade, then the session handler replaces its frame codec. */
public final class WebSocketTransport implements TransportProvider {

    private static final String HANDLER = "msgtrans.session";
    private static final String EXTENSIONS_HEADER = "msgtrans-extensions";
    private static final String EXTENSIONS = "x1";
    private static final WebsocketServerSpec SERVER_SPEC =
            WebsocketServerSpec.builder().compress(false).handlePing(true).build();
    private static final WebsocketClientSpec CLIENT_SPEC =
            WebsocketClientSpec.builder().compress(false).handlePing(true).build();

    @Override
    public Set<String> schemes() {
        return Set.of("ws", "wss");
    }

    @Override
    public Set<EndpointOption<?>> options() {
        return Set.of(
                WebSocketOptions.PATH,
                WebSocketOptions.TEXT_MESSAGES,
                WebSocketOptions.AUTHORIZATION,
                WebSocketOptions.ORIGINS,
                WebSocketOptions.MOUNT);
    }

    @Override
    public Sockets sockets() {
        return Sockets.TCP;
    }

    @Override
    public boolean isSecure(String scheme) {
        return "wss".equals(scheme);
    }

    @Override
    public Mono<Listener> listen(SessionContext context) {
        WebSocketMount mount = context.endpoint().get(WebSocketOptions.MOUNT);
        if (mount != WebSocketMount.NONE) {
            return Mono.fromSupplier(() -> mounted(context, mount));
        }
        return Mono.defer(() -> {
            HttpServer server = SocketSettings.server(HttpServer.create(), context)
                    .doOnChannelInit((observer, channel, remote) -> {
                        if (!context.admit(channel)) {
                            channel.close();
                        }
                    })
                    .handle((request, response) -> upgrade(context, request, response, null));
            Mono<? extends DisposableServer> bind = isSecure(context.uri().getScheme())
                    ? TlsContexts.server(context.uri(), context.endpoint(), false)
                            .flatMap(tls -> server.secure(tls).bind())
                    : server.bind();
            return bind.map(bound -> TcpTransport.listener(context.uri(), bound));
        });
    }

    private static Listener mounted(SessionContext context, WebSocketMount mount) {
        mount.attach(context);
        return new Listener() {
            @Override
            public URI uri() {
                return context.uri();
            }

            @Override
            public Mono<Void> stopAccepting() {
                return Mono.fromRunnable(() -> mount.detach(context));
            }
        };
    }

    /** @param principal who asks, when that is known */
    static Publisher<Void> upgrade(
            SessionContext context,
            HttpServerRequest request,
            HttpServerResponse response,
            @Nullable Principal principal) {
        String path = path(context);
        if (!path.isEmpty() && !path.equals(request.fullPath())) {
            return response.sendNotFound();
        }
        if (!request.requestHeaders().containsValue(HttpHeaderNames.UPGRADE, "websocket", true)) {
            return response.status(426)
                    .header(HttpHeaderNames.UPGRADE, "websocket")
                    .header(HttpHeaderNames.CONNECTION, "close")
                    .send();
        }
        HttpHeaders headers = request.requestHeaders();
        if (!Origins.allow(
                context.endpoint().get(WebSocketOptions.ORIGINS),
                headers.get(HttpHeaderNames.ORIGIN),
                headers.get(HttpHeaderNames.HOST))) {
            context.refused(Objects.requireNonNull(request.remoteAddress(), "remoteAddress"));
            return response.status(HttpResponseStatus.FORBIDDEN)
                    .header(HttpHeaderNames.CONNECTION, "close")
                    .send();
        }
        boolean extended = context.endpoint().extensions() != Extensions.OFF
                && request.requestHeaders().containsValue(EXTENSIONS_HEADER, EXTENSIONS, true);
        if (extended) {
            response.header(EXTENSIONS_HEADER, EXTENSIONS);
        }
        Mono<PeerIdentity> known = principal == null
                ? context.authenticate(handshake(context, request))
                : Mono.just(new PeerIdentity(principal));
        Scheduler loop = Schedulers.fromExecutor(eventLoop(request)); // who the peer is may be found out elsewhere
        return known.materialize().publishOn(loop).flatMap(result -> {
            PeerIdentity identity = result.get();
            if (identity == null) {
                return response.status(HttpResponseStatus.UNAUTHORIZED)
                        .header(HttpHeaderNames.CONNECTION, "close")
                        .send();
            }
            return response.sendWebsocket(
                    (in, out) -> {
                        in.withConnection(connection -> install(connection, context, false, extended, identity));
                        return Mono.never(); // ends with the channel
                    },
                    SERVER_SPEC);
        });
    }

    private static EventLoop eventLoop(HttpServerRequest request) {
        EventLoop[] loop = new EventLoop[1];
        request.withConnection(connection -> loop[0] = connection.channel().eventLoop());
        return loop[0];
    }

    private static Handshake handshake(SessionContext context, HttpServerRequest request) {
        Map<String, List<String>> headers = new HashMap<>();
        for (String name : request.requestHeaders().names()) {
            headers.put(name.toLowerCase(Locale.ROOT), request.requestHeaders().getAll(name));
        }
        SSLSession[] tls = new SSLSession[1];
        request.withConnection(connection -> {
            SslHandler handler = connection.channel().pipeline().get(SslHandler.class);
            tls[0] = handler == null ? null : handler.engine().getSession();
        });
        return new Handshake(
                String.valueOf(context.uri().getScheme()),
                Objects.requireNonNull(request.remoteAddress(), "remoteAddress"),
                request.fullPath(),
                Map.copyOf(headers),
                PeerCertificates.of(tls[0]),
                null);
    }

    private static String path(SessionContext context) {
        if (context.endpoint().get(WebSocketOptions.MOUNT) != WebSocketMount.NONE) {
            return ""; // the application's routes have chosen
        }
        String option = context.endpoint().get(WebSocketOptions.PATH);
        String path = option.isEmpty() ? context.uri().getPath() : option;
        return path == null || path.equals("/") ? "" : path;
    }

    @Override
    public Mono<Session> connect(SessionContext context) {
        return Mono.defer(() -> {
            OpeningChannel opening = new OpeningChannel();
            HttpClient client = SocketSettings.client(HttpClient.create(ConnectionProvider.newConnection()), context)
                    .doOnChannelInit((observer, channel, remote) -> opening.made(channel))
                    .observe((connection, state) -> {
                        // Not behind connect(): nothing comes of that when it was cancelled, and what the
                        // peer sends with its answer would lie in Reactor Netty's queue for ever.
                        if (state == HttpClientState.RESPONSE_RECEIVED && connection instanceof WebsocketInbound) {
                            install(connection, context, true, isExtended(connection), new PeerIdentity());
                        }
                    })
                    .headers(headers -> {
                        String authorization = context.endpoint().get(WebSocketOptions.AUTHORIZATION);
                        if (context.endpoint().extensions() != Extensions.OFF) {
                            headers.set(EXTENSIONS_HEADER, EXTENSIONS);
                        }
                        if (!authorization.isEmpty()) {
                            headers.set(HttpHeaderNames.AUTHORIZATION, authorization);
                        }
                    });
            URI uri = context.uri();
            Mono<HttpClient> secured = isSecure(uri.getScheme())
                    ? TlsContexts.client(context.endpoint(), false).map(client::secure)
                    : Mono.just(client);
            Mono<Session> connect = secured.flatMap(ready -> ready.websocket(CLIENT_SPEC)
                    .uri(uri.getRawPath() == null || uri.getRawPath().isEmpty() ? uri.resolve("/") : uri)
                    .connect()
                    .map(connection -> connection
                            .channel()
                            .pipeline()
                            .get(SessionHandler.class)
                            .session())
                    .onErrorMap(WebSocketClientHandshakeException.class, WebSocketTransport::refusal));
            return opening.closedByCancel(connect);
        });
    }

    private static Throwable refusal(WebSocketClientHandshakeException error) {
        HttpResponse response = error.response();
        int status = response == null ? 0 : response.status().code();
        return status == 401 || status == 403
                ? new AuthenticationException("the upgrade was answered with HTTP " + response.status(), error)
                : error;
    }

    private static boolean isExtended(Connection connection) {
        return connection instanceof WebsocketInbound upgraded
                && upgraded.headers().containsValue(EXTENSIONS_HEADER, EXTENSIONS, true);
    }

    /** Called on the event loop, between the upgrade and the first frame. */
    private static void install(
            Connection connection, SessionContext context, boolean client, boolean extended, PeerIdentity identity) {
        EndpointOptions endpoint = context.endpoint();
        WebSocketFraming framing =
                new WebSocketFraming(client, context.options(), endpoint.get(WebSocketOptions.TEXT_MESSAGES));
        ChannelPipeline pipeline = connection.channel().pipeline();
        ChannelHandlerContext encoder = pipeline.context(WebSocketFrameEncoder.class);
        if (encoder != null) {
            pipeline.remove(encoder.handler());
        }
        ChannelHandler decoder = pipeline.context(WebSocketFrameDecoder.class).handler();
        SessionHandler handler = context.handler(
                framing, io.msgtrans.reactive.spi.Connection.of(connection.channel(), identity), extended);
        pipeline.replace(decoder, HANDLER, handler); // bytes that it holds already come to ours
    }
}
