package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.CloseReason.Kind;
import io.msgtrans.reactive.LinkStats;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.Datagrams;
import io.msgtrans.reactive.spi.Link;
import io.msgtrans.reactive.spi.PeerIdentity;
import io.msgtrans.reactive.spi.SessionContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicConnectionPathStats;
import io.netty.handler.codec.quic.QuicConnectionStats;
import io.netty.handler.codec.quic.QuicDatagramExtensionEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamPriority;
import io.netty.handler.codec.quic.QuicStreamResetException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * The handler of a QUIC connection: makes its first stream a session and further ones lanes of it, and ends all together.
 * Closing the session closes the connection with a code that says why; the end of the connection ends the session with the
 * peer's reason.
 *
 * <p>An orderly close: the side that begins ends its half of every stream; the other one, when it has read all of them, ends
 * its own; then the first closes the connection with its code. A bare close would cut what is still under way.
 */
final class ConnectionEvents extends ChannelDuplexHandler implements QuicConnection, Datagrams, Link {

    // Application close codes.
    private static final int NORMAL = 0;
    private static final int PROTOCOL_ERROR = 1;
    private static final int TOO_LARGE = 2;
    private static final int SHUTTING_DOWN = 3;

    private static final int LOOK_AGAIN_MILLIS = 5;
    /** How long a peer may wait with an acknowledgement (RFC 9000, 18.2, max_ack_delay). */
    private static final long ACK_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(25);
    /** A busy peer acknowledges little by little: its packets make us wait for more, for so long. */
    private static final long MORE_COMES_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Room for the reset of a stream and the end of the connection with its reason. */
    private static final int FAREWELL_BYTES = 2048;

    private static final long FIRST_STREAM = 0;
    /** Lanes go before the first stream, whose urgency is QUIC's default of 127. */
    private static final QuicStreamPriority LANE_PRIORITY = new QuicStreamPriority(63, true);

    private final SessionContext context;
    private final QuicSettings settings;
    private final QuicChannel connection;

    /** What the peer takes in a datagram; 0 before it said so. */
    private volatile int maxDatagramBytes;

    private volatile boolean extended;

    // Event loop only.
    private boolean isServer;
    private boolean isEstablished;
    private long packetsOfHandshake;
    /** Nothing else can become of it. */
    private boolean isClosing;
    /** The close is on its way through the pipeline. */
    private boolean isLeaving;
    /** Whether a stream ended with more to send than the congestion window took. */
    private boolean isWindowFull;

    private @Nullable SessionHandler handler;
    private final List<QuicStreamChannel> early = new ArrayList<>(0);
    private int streams;
    private int finishedStreams;
    private boolean waitsForReason;
    private boolean flushScheduled;

    ConnectionEvents(SessionContext context, QuicSettings settings, QuicChannel connection) {
        this.context = context;
        this.settings = settings;
        this.connection = connection;
    }

    // ---- session ----

    /** A stream that the client opened. Several may arrive in any order. */
    void accept(QuicStreamChannel stream) {
        isServer = true;
        if (stream.streamId() == FIRST_STREAM) {
            open(stream);
            early.forEach(this::openLane);
            early.clear();
        } else if (!settings.isExtended(applicationProtocol())
                || streams + early.size() > settings.options().get(QuicOptions.LANES)) {
            stream.shutdown(PROTOCOL_ERROR);
        } else if (handler == null) {
            stream.config().setAutoRead(false);
            early.add(stream);
        } else {
            openLane(stream);
        }
    }

    /** Makes a stream the session of this connection. */
    Session open(QuicStreamChannel stream) {
        extended = settings.isExtended(applicationProtocol());
        QuicFraming framing = new QuicFraming(context.options(), extended, settings.keepAliveNanos());
        SessionHandler created = context.handler(
                framing,
                new Connection(
                        connection,
                        Objects.requireNonNull(connection.localSocketAddress()),
                        Objects.requireNonNull(connection.remoteSocketAddress()),
                        this,
                        this,
                        Objects.requireNonNull(connection.sslEngine()).getSession(),
                        new PeerIdentity()),
                extended);
        handler = created;
        streams = 1;
        stream.pipeline().addLast(new StreamEvents(created), created);
        Session session = created.session();
        session.onClose().subscribe(this::close);
        return session;
    }

    /** Makes a stream another lane of the session. */
    void openLane(QuicStreamChannel stream) {
        SessionHandler first = Objects.requireNonNull(handler);
        streams++;
        stream.updatePriority(LANE_PRIORITY);
        stream.pipeline().addLast(new StreamEvents(first), first.lane());
    }

    /** The handshake of this client is done. */
    void established() {
        isEstablished = true;
        packetsOfHandshake = packetsReceived();
    }

    private void close(CloseReason reason) {
        ByteBuf message =
                Unpooled.copiedBuffer(reason.kind() == Kind.PEER ? "" : reason.message(), StandardCharsets.UTF_8);
        close(applicationCode(reason), message, connection.newPromise());
    }

    private void close(int code, ByteBuf message, ChannelPromise promise) {
        if (isClosing) {
            message.release();
            connection.closeFuture().addListener(closed -> promise.trySuccess());
            return;
        }
        isClosing = true;
        long now = System.nanoTime();
        // Not now: while Netty is sending, it would free the connection without a word.
        connection
                .eventLoop()
                .execute(new Farewell(
                        isWindowFull ? packetsReceived() : isServer ? -1 : packetsOfHandshake,
                        isWindowFull ? now + 2 * roundTripNanos() + ACK_DELAY_NANOS : now,
                        now + context.options().closeTimeout().toNanos(),
                        code,
                        message,
                        promise));
    }

    /**
     * Says goodbye behind the peer's next packet.
     *
     * <p>A full congestion window has no room for that one packet, and the peer would hear of the end by its idle time-out: so we wait until
     * what was under way has been acknowledged. And while a client's handshake is not confirmed, quiche acknowledges the server's handshake
     * packets without end once an application closes the connection, and Netty sends them without end; a close that is not an
     * application's goes out in a handshake packet then, for which the server has no keys any more. So we wait for the server's first packet
     * behind the handshake.
     */
    private final class Farewell implements Runnable {
        private final long packets;
        private final long earliestNanos;
        private final long deadlineNanos;
        private final int code;
        private final ByteBuf message;
        private final ChannelPromise promise;
        private long receivedBefore;

        /** @param packets more than which must have come */
        Farewell(
                long packets,
                long earliestNanos,
                long deadlineNanos,
                int code,
                ByteBuf message,
                ChannelPromise promise) {
            this.packets = packets;
            this.earliestNanos = earliestNanos;
            this.deadlineNanos = deadlineNanos;
            this.code = code;
            this.message = message;
            this.promise = promise;
        }

        @Override
        public void run() {
            long now = System.nanoTime();
            long received = packetsReceived();
            boolean moreComes = isWindowFull && received != receivedBefore && now - earliestNanos < MORE_COMES_NANOS;
            receivedBefore = received;
            boolean heard = received > packets && now - earliestNanos >= 0 && !moreComes;
            if (!heard && connection.isActive() && now - deadlineNanos < 0) {
                var unused = connection.eventLoop().schedule(this, LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
                return;
            }
            isLeaving = true;
            boolean application = heard || isServer;
            connection.close(application, application ? code : NORMAL, message, promise);
        }
    }

    private long roundTripNanos() {
        QuicConnectionPathStats path = connection.collectPathStats(0).getNow();
        return path == null ? 0 : path.rtt();
    }

    /**
     * Whether so much was sent that the window has no room if little of it was acknowledged, and the peer has not ended its side, which it
     * does when it has read all. Netty does not say what quiche still holds.
     */
    private boolean mayBeFull() {
        QuicConnectionPathStats path = connection.collectPathStats(0).getNow();
        boolean isRead = streams > 0 && finishedStreams == streams;
        return !isRead && path != null && path.sentBytes() > path.cwnd() - FAREWELL_BYTES;
    }

    /** On the event loop Netty answers at once. */
    private long packetsReceived() {
        QuicConnectionStats stats = connection.collectStats().getNow();
        return stats == null ? 0 : stats.recv();
    }

    /** Who closes the channel itself gives a connect up. */
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (isEstablished && !isLeaving) {
            close(NORMAL, Unpooled.EMPTY_BUFFER, promise);
        } else {
            ctx.close(promise);
        }
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
    private final class StreamEvents extends ChannelDuplexHandler {
        private final SessionHandler session;

        StreamEvents(SessionHandler session) {
            this.session = session;
        }

        @Override
        public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
            if (ctx.channel() instanceof QuicStreamChannel stream
                    && connection.isActive()
                    && stream.isActive()
                    && (stream.bytesBeforeUnwritable() < FAREWELL_BYTES || mayBeFull())) {
                isWindowFull = true;
                stream.shutdown(NORMAL); // what waits for the window would take the room of the farewell
            }
            ctx.close(promise);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (cause instanceof QuicStreamResetException && connection.isActive()) {
                // The reason follows with the end of the connection.
                var unused = connection
                        .eventLoop()
                        .schedule(
                                () -> broken(ctx, cause),
                                context.options().closeTimeout().toNanos(),
                                TimeUnit.NANOSECONDS);
                connection.closeFuture().addListener(closed -> broken(ctx, cause));
            } else {
                ctx.fireExceptionCaught(cause);
            }
        }

        private void broken(ChannelHandlerContext ctx, Throwable cause) {
            if (!ctx.isRemoved()) {
                ctx.fireExceptionCaught(cause);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent && ++finishedStreams == streams) {
                waitsForReason = session.peerFinishes();
            }
            ctx.fireUserEventTriggered(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (waitsForReason && connection.isActive()) { // within the session's closeTimeout
                connection.closeFuture().addListener(closed -> ctx.fireChannelInactive());
                return;
            }
            if (connection.isTimedOut()) { // broken; it did not end in an orderly way
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
        } else if (event instanceof QuicDatagramExtensionEvent datagrams) {
            maxDatagramBytes = settings.maxDatagram(datagrams.maxLength());
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
            ctx.fireExceptionCaught(cause);
        }
    }

    // ---- datagrams ----

    @Override
    public int maxBytes() {
        return extended ? maxDatagramBytes : 0;
    }

    @Override
    public boolean write(ByteBuf packet) {
        if (!connection.isActive()) {
            packet.release();
            return false;
        }
        var unused = connection.write(packet);
        if (!flushScheduled) { // so that those of one run share UDP packets
            flushScheduled = true;
            connection.eventLoop().execute(() -> {
                flushScheduled = false;
                connection.flush();
            });
        }
        return true;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        SessionHandler present = handler;
        if (message instanceof ByteBuf datagram) {
            try {
                if (present != null && extended) {
                    present.unreliable(datagram);
                }
            } finally {
                datagram.release();
            }
        } else {
            ctx.fireChannelRead(message); // a stream
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
        return extended;
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

    @Override
    public Mono<LinkStats> link() {
        return stats().map(now -> new LinkStats(now.rtt(), now.packetsSent(), now.packetsRetransmitted()));
    }

    private void withPath(QuicConnectionStats total, MonoSink<QuicStats> sink) {
        connection.collectPathStats(0).addListener(first -> {
            QuicConnectionPathStats path =
                    first.isSuccess() && first.getNow() instanceof QuicConnectionPathStats stats ? stats : null;
            sink.success(new QuicStats(
                    path == null ? Duration.ZERO : Duration.ofNanos(path.rtt()),
                    path == null ? 0 : path.cwnd(),
                    path == null ? 0 : path.pmtu(),
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
