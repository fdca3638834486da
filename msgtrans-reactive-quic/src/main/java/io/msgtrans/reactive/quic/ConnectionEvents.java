package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.CloseReason.Kind;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.SessionContext;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicConnectionStats;
import io.netty.handler.codec.quic.QuicStreamChannel;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The handler of a QUIC connection: makes its first stream a session, and ends both together. Closing the session closes
 * the connection with a code that says why; the end of the connection ends the session with the peer's reason.
 */
final class ConnectionEvents extends ChannelInboundHandlerAdapter implements QuicConnection {

    // Application close codes.
    private static final int NORMAL = 0;
    private static final int PROTOCOL_ERROR = 1;
    private static final int TOO_LARGE = 2;
    private static final int SHUTTING_DOWN = 3;

    private final SessionContext context;
    private final QuicSettings settings;
    private final QuicChannel connection;
    private final SocketAddress local;
    private final SocketAddress remote;

    // Event loop only.
    private @Nullable SessionHandler handler;

    ConnectionEvents(SessionContext context, QuicSettings settings, QuicChannel connection) {
        this.context = context;
        this.settings = settings;
        this.connection = connection;
        this.local = Objects.requireNonNull(connection.localSocketAddress());
        this.remote = Objects.requireNonNull(connection.remoteSocketAddress());
    }

    SocketAddress remote() {
        return remote;
    }

    // ---- session ----

    /** Makes a stream the session of this connection. */
    Session open(QuicStreamChannel stream) {
        QuicFraming framing = new QuicFraming(context.options(), isExtended(), settings.keepAliveNanos());
        SessionHandler created = context.handler(framing, new Connection(connection, local, remote, this));
        handler = created;
        stream.pipeline().addLast(new StreamEvents(created), created);
        Session session = created.session();
        stream.closeFuture().addListener(closed -> close(session));
        return session;
    }

    boolean hasSession() {
        return handler != null;
    }

    private void close(Session session) {
        CloseReason reason = session.closeReason();
        int code = reason == null ? NORMAL : applicationCode(reason);
        String message = reason == null || reason.kind() == Kind.PEER ? "" : reason.message();
        var unused = connection.close(true, code, Unpooled.copiedBuffer(message, StandardCharsets.UTF_8));
    }

    private static int applicationCode(CloseReason reason) {
        return switch (reason.code()) {
            case 1001 -> SHUTTING_DOWN;
            case 1009 -> TOO_LARGE;
            case 1002, 1003, 1008 -> PROTOCOL_ERROR;
            default -> reason.code() >= 3000 ? reason.code() : NORMAL;
        };
    }

    /** The end of the stream, as the session should see it. */
    private final class StreamEvents extends ChannelInboundHandlerAdapter {
        private final SessionHandler session;

        StreamEvents(SessionHandler session) {
            this.session = session;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                session.peerFinishes();
            }
            ctx.fireUserEventTriggered(event);
        }

        /** A connection that timed out is broken; it did not end in an orderly way. */
        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (connection.isTimedOut()) {
                ctx.fireExceptionCaught(new SocketTimeoutException("no packet of the peer for "
                        + settings.options().get(QuicOptions.IDLE_TIMEOUT) + " (option " + QuicOptions.IDLE_TIMEOUT
                        + " of either side)"));
            }
            ctx.fireChannelInactive();
        }
    }

    // ---- events of the connection ----

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        SessionHandler present = handler;
        if (event instanceof QuicConnectionCloseEvent close && present != null) {
            present.peerCloses(reasonOf(close), Unpooled.EMPTY_BUFFER);
        }
        ctx.fireUserEventTriggered(event);
    }

    private static CloseReason reasonOf(QuicConnectionCloseEvent close) {
        String message = QuicErrors.reason(close);
        if (!close.isApplicationClose()) {
            return close.error() == 0
                    ? new CloseReason(Kind.PEER, 1000, message)
                    : new CloseReason(Kind.ERROR, 1011, QuicErrors.describe(close));
        }
        int code =
                switch (close.error()) {
                    case NORMAL -> 1000;
                    case PROTOCOL_ERROR -> 1002;
                    case TOO_LARGE -> 1009;
                    case SHUTTING_DOWN -> 1001;
                    default -> close.error() >= 3000 && close.error() <= 4999 ? close.error() : 1005;
                };
        return new CloseReason(Kind.PEER, code, message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        SessionHandler present = handler;
        if (present != null) {
            present.exceptionCaught(ctx, cause);
        } else {
            // Not now: Netty is sending, and would not send why.
            connection.eventLoop().execute(connection::close);
        }
    }

    // ---- for users ----

    @Override
    public String applicationProtocol() {
        String protocol = Objects.requireNonNull(connection.sslEngine()).getApplicationProtocol();
        return protocol == null ? "" : protocol;
    }

    @Override
    public boolean isExtended() {
        return settings.isExtended(applicationProtocol());
    }

    @Override
    public Mono<QuicStats> stats() {
        return Mono.create(sink -> connection.collectStats().addListener(total -> {
            if (total.isSuccess() && total.getNow() instanceof QuicConnectionStats stats) {
                withPath(stats, sink);
            } else {
                sink.error(total.cause());
            }
        }));
    }

    private void withPath(QuicConnectionStats total, MonoSink<QuicStats> sink) {
        connection.collectPathStats(0).addListener(first -> {
            QuicConnectionPathStats path =
                    first.isSuccess() && first.getNow() instanceof QuicConnectionPathStats stats ? stats : null;
            sink.success(new QuicStats(
                    path == null ? Duration.ZERO : Duration.ofNanos(path.rtt()),
                    path == null ? 0 : path.cwnd(),
                    path == null ? 0 : path.deliveryRate(),
                    total.sent(),
                    total.recv(),
                    total.lost(),
                    total.retrans(),
                    total.sentBytes(),
                    total.recvBytes(),
                    (int) total.pathsCount()));
        });
    }
}
