package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.CloseReason.Kind;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Lane;
import io.msgtrans.reactive.LinkStats;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.SessionStats;
import io.msgtrans.reactive.Tracing;
import io.msgtrans.reactive.health.Health;
import io.msgtrans.reactive.health.HealthState;
import io.msgtrans.reactive.monitor.Timings;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.Datagrams;
import io.msgtrans.reactive.spi.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.net.SocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.Logger;
import reactor.util.Loggers;

/** The session of one channel: its states, and the doors to inbound, outbound and pending requests. */
final class ChannelSession implements Session {

    private static final Logger log = Loggers.getLogger(Session.class);

    /** What is encoded ahead of the socket: enough for full writes, and little enough to stay in the processor's cache. */
    private static final int LARGEST_WRITE_BYTES = 256 * 1024;

    private static final WriteBufferWaterMark LARGEST_WRITE =
            new WriteBufferWaterMark(LARGEST_WRITE_BYTES / 2, LARGEST_WRITE_BYTES);

    private static final int OPEN = 0;
    private static final int CLOSING = 1;
    private static final int CLOSED = 2;

    private final long id;
    private final String scheme;
    private volatile SessionOptions options;
    private final Framing framing;
    private final ChannelHandlerContext ctx;
    private final Channel channel;
    private final SessionHandler handler;
    private final Inbound inbound;
    private final Outbound outbound;
    private final Lanes lanes;
    private final @Nullable UnreliableOutbound unreliable;
    private final PendingRequests pending;
    private final PeerRequests peerRequests;
    private final SessionStreams streams;
    private final Liveness liveness;
    private final SessionCounters counters = new SessionCounters();
    private final Connection connection;
    private final Sinks.One<CloseReason> closed = Sinks.one();

    private volatile int state = OPEN;
    private static final AtomicIntegerFieldUpdater<ChannelSession> STATE =
            AtomicIntegerFieldUpdater.newUpdater(ChannelSession.class, "state");

    private volatile @Nullable CloseReason closeReason;
    private volatile boolean extended;
    private volatile @Nullable Map<String, Object> attributes;
    private volatile Sinks.@Nullable Many<Boolean> writability;

    // Event loop only.
    private @Nullable CloseReason closingFor;
    private CloseReason peerReason = CloseReason.PEER_CLOSED;
    private @Nullable Throwable brokenBy;
    private boolean farewellSent;
    private boolean peerFinished;
    private boolean draining;
    private @Nullable Deadline closeDeadline;
    private @Nullable List<GroupMember> memberships;

    ChannelSession(
            long id,
            String scheme,
            SessionOptions options,
            Framing framing,
            Role role,
            Connection connection,
            ChannelHandlerContext ctx,
            SessionHandler handler,
            Inbound inbound,
            Timings timings) {
        this.id = id;
        this.scheme = scheme;
        this.options = options;
        this.framing = framing;
        this.ctx = ctx;
        this.channel = ctx.channel();
        this.handler = handler;
        this.inbound = inbound;
        this.connection = connection;
        setWaterMark(channel);
        this.pending = new PendingRequests(
                channel.eventLoop(),
                options.maxPendingRequests(),
                handler::stallHint,
                this::workEnded,
                timings.requests());
        this.peerRequests = new PeerRequests(handler, this::workEnded, timings.answers());
        this.outbound = new Outbound(this, ctx, framing, pending);
        this.lanes = new Lanes(outbound);
        Datagrams datagrams = connection.datagrams();
        this.unreliable = datagrams == null
                ? null
                : new UnreliableOutbound(datagrams, ctx, pending, counters, options.outboundPackets());
        this.extended = role.extended();
        this.liveness = new Liveness(this, handler, framing, outbound, role.load(), wheel());
        this.streams = new SessionStreams(this, options, framing.maxPayload(), role.client());
    }

    private void setWaterMark(Channel written) {
        int writeBytes = Math.min(options.outboundBytes(), LARGEST_WRITE_BYTES);
        written.config()
                .setWriteBufferWaterMark(
                        writeBytes == LARGEST_WRITE_BYTES
                                ? LARGEST_WRITE
                                : new WriteBufferWaterMark(writeBytes / 2, writeBytes));
    }

    /** Something that happens on this session's event loop when a time has passed. */
    private static final class Deadline extends TimeoutWheel.Timeout {
        private final Runnable action;

        Deadline(Runnable action) {
            this.action = action;
        }

        @Override
        void expire() {
            action.run();
        }
    }

    void start() {
        liveness.start();
        Tracing tracing = options.tracing();
        if (tracing != null) {
            tracing.session(this);
        }
    }

    private TimeoutWheel wheel() {
        return TimeoutWheel.of(channel.eventLoop());
    }

    Outbound outbound() {
        return outbound;
    }

    /** Another channel of the connection is written to as well. Event loop only. */
    Outbound addLane(ChannelHandlerContext lane) {
        setWaterMark(lane.channel());
        Outbound added = new Outbound(this, lane, framing, pending);
        lanes.add(added);
        if (farewellSent) {
            added.endOutput(); // came late to the end
        }
        return added;
    }

    Liveness liveness() {
        return liveness;
    }

    SessionStreams streams() {
        return streams;
    }

    /** The peer agreed on the wire extensions after the session was opened. */
    void extend() {
        extended = true;
    }

    void inEventLoop(Runnable task) {
        handler.inEventLoop(task);
    }

    Outbound laneOf(Packet packet) {
        return lanes.of(packet);
    }

    PendingRequests pending() {
        return pending;
    }

    SessionCounters counters() {
        return counters;
    }

    SessionOptions options() {
        return options;
    }

    // ---- what users call ----

    @Override
    public long id() {
        return id;
    }

    @Override
    public String scheme() {
        return scheme;
    }

    @Override
    public SocketAddress remoteAddress() {
        return connection.remote();
    }

    @Override
    public SocketAddress localAddress() {
        return connection.local();
    }

    @Override
    public @Nullable Principal principal() {
        return connection.identity().principal();
    }

    @Override
    public @Nullable SSLSession tls() {
        return connection.tls();
    }

    @Override
    public <T> @Nullable T transport(Class<T> type) {
        Object feature = connection.feature();
        if (type.isInstance(feature)) {
            return type.cast(feature);
        }
        return type == Channel.class ? type.cast(channel) : null;
    }

    @Override
    public Map<String, Object> attributes() {
        Map<String, Object> present = attributes;
        if (present == null) {
            synchronized (this) {
                present = attributes;
                if (present == null) {
                    present = new ConcurrentHashMap<>();
                    attributes = present;
                }
            }
        }
        return present;
    }

    @Override
    public Flux<Packet> receive() {
        return inbound.flux(false);
    }

    @Override
    public Flux<Packet> receiveBorrowed() {
        return inbound.flux(true);
    }

    @Override
    public Mono<Void> send(Publisher<Packet> packets) {
        return send(packets, outbound);
    }

    @Override
    public Mono<Void> send(Packet packet) {
        return send(Mono.just(packet), laneOf(packet));
    }

    private static Mono<Void> send(Publisher<Packet> packets, Outbound lane) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                packets.subscribe(new SendSubscriber(actual, lane));
            }
        };
    }

    @Override
    public OfferResult offer(Packet packet) {
        return laneOf(packet).offer(packet);
    }

    @Override
    public Mono<Packet> request(Packet packet) {
        return request(packet, options.requestTimeout());
    }

    @Override
    public Mono<Packet> request(Packet packet, Duration timeout) {
        return request(packet, timeout, laneOf(packet));
    }

    /** A request of our own, which nobody follows. */
    Mono<Packet> hello() {
        return new RequestMono(this, outbound, Hello.packet(), options.requestTimeout(), Map.of());
    }

    private Mono<Packet> request(Packet packet, Duration timeout, Outbound lane) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout " + timeout + " is not positive");
        }
        Tracing tracing = options.tracing();
        return tracing == null
                ? new RequestMono(this, lane, packet, timeout, Map.of())
                : tracing.request(this, packet, carried -> new RequestMono(this, lane, packet, timeout, carried));
    }

    @Override
    public Flux<Packet> requestStream(Packet request) {
        return streams.requestStream(request);
    }

    @Override
    public Mono<Packet> sendStream(Publisher<Packet> items) {
        return streams.channel(items, Frames.FLAG_SINGLE).singleOrEmpty();
    }

    @Override
    public Flux<Packet> channel(Publisher<Packet> items) {
        return streams.channel(items, 0);
    }

    @Override
    public boolean isExtended() {
        return extended;
    }

    @Override
    public Mono<Void> replyError(Packet request, int code, String message) {
        int id = (int) request.messageId();
        return Mono.create(sink -> {
            if (!extended) {
                sink.error(SessionStreams.notExtended());
                return;
            }
            handler.inEventLoop(() -> {
                if (state == CLOSED) {
                    sink.error(lost("an error answer on a closed session"));
                    return;
                }
                Outbound lane = laneOf(request);
                lane.enter();
                lane.encodeError(Frames.REQUEST_ERROR, id, code, message);
                counters.errorAnswers++;
                peerRequests.answered(id);
                lane.exit();
                sink.success();
            });
        });
    }

    @Override
    public Mono<Void> cancelled(Packet request) {
        return peerRequests.cancelled(request);
    }

    @Override
    public int lanes() {
        return lanes.count();
    }

    @Override
    public Lane lane(int index) {
        return new LaneView(this, lanes.get(index));
    }

    private record LaneView(ChannelSession session, Outbound outbound) implements Lane {
        @Override
        public Mono<Void> send(Publisher<Packet> packets) {
            return ChannelSession.send(packets, outbound);
        }

        @Override
        public OfferResult offer(Packet packet) {
            return outbound.offer(packet);
        }

        @Override
        public Mono<Packet> request(Packet packet, Duration timeout) {
            return session.request(packet, timeout, outbound);
        }
    }

    @Override
    public int maxUnreliableBytes() {
        return unreliable == null ? 0 : unreliable.maxBytes();
    }

    @Override
    public OfferResult offerUnreliable(Packet packet) {
        if (unreliable == null || unreliable.maxBytes() == 0) {
            return offer(packet);
        }
        return isOpen() ? unreliable.offer(packet) : OfferResult.CLOSED;
    }

    @Override
    public Flux<Boolean> writable() {
        return Flux.defer(() -> {
            Sinks.Many<Boolean> sink = writability;
            if (sink == null) {
                synchronized (this) {
                    sink = writability;
                    if (sink == null) {
                        sink = Sinks.many().replay().latest();
                        writability = sink;
                    }
                }
                handler.inEventLoop(this::roomChanged);
            }
            return sink.asFlux().onBackpressureLatest().distinctUntilChanged();
        });
    }

    @Override
    public long outboundQueuedBytes() {
        return lanes.sum(Outbound::queuedBytes);
    }

    @Override
    public @Nullable Tracing tracing() {
        return options.tracing();
    }

    @Override
    public Health health() {
        return liveness.health();
    }

    @Override
    public Flux<Health> healthChanges() {
        return liveness.changes();
    }

    @Override
    public SessionStats stats() {
        return new SessionStats(
                handler.packetsReceived(),
                handler.bytesReceived(),
                lanes.sum(lane -> lane.packetsSent) + (unreliable == null ? 0 : unreliable.sent()),
                lanes.sum(lane -> lane.bytesSent),
                lanes.sum(Outbound::packetsLost),
                counters.packetsDiscarded,
                counters.unmatchedResponses,
                counters.payloadErrors,
                counters.ignoredFrames,
                counters.truncated,
                counters.unreliableDropped,
                counters.packetsRefused,
                peerRequests.received(),
                counters.errorAnswers,
                pending.sent(),
                pending.timedOut(),
                counters.requestsFailed,
                lanes.sum(lane -> lane.writes),
                pending.count(),
                state == CLOSED ? 0 : outboundQueuedBytes(),
                state == CLOSED ? 0 : inbound.size(),
                state == OPEN && !(outbound.hasRoom() && outbound.socketHasRoom()) ? 1 : 0,
                state == OPEN && inbound.lacksDemand() ? 1 : 0);
    }

    @Override
    public void reconfigure(SessionOptions changed) {
        SessionOptions before = options;
        options = before.writeDelay(changed.writeDelay())
                .writeBatch(changed.writeBatch())
                .inboundPackets(changed.inboundPackets())
                .inboundBytes(changed.inboundBytes());
        handler.inEventLoop(() -> {
            if (state != CLOSED) {
                lanes.forEach(Outbound::delayWrites);
                inbound.resize(options.inboundPackets(), options.inboundBytes());
            }
        });
    }

    @Override
    public Mono<LinkStats> link() {
        return connection.link();
    }

    @Override
    public Mono<Void> close(CloseReason reason) {
        if (STATE.compareAndSet(this, OPEN, CLOSING)) {
            handler.inEventLoop(() -> beginClose(reason));
        }
        return closed.asMono().then();
    }

    @Override
    public Mono<Void> drain() {
        handler.inEventLoop(() -> {
            draining = true;
            liveness.sayDraining();
            workDone();
        });
        return closed.asMono().then();
    }

    @Override
    public void dispose() {
        if (state != CLOSED) {
            handler.inEventLoop(() -> terminate(CloseReason.NORMAL, null));
        }
    }

    @Override
    public boolean isDisposed() {
        return state == CLOSED;
    }

    @Override
    public boolean isOpen() {
        return state == OPEN;
    }

    @Override
    public Mono<CloseReason> onClose() {
        return closed.asMono();
    }

    @Override
    public @Nullable CloseReason closeReason() {
        return closeReason;
    }

    @Override
    public String toString() {
        return "Session[" + id + " " + scheme + " " + connection.remote() + "]";
    }

    // ---- event loop: work in flight ----

    PeerRequests peerRequests() {
        return peerRequests;
    }

    void unmatched(Packet packet) {
        counters.unmatchedResponses++;
        try {
            options.onUnmatchedResponse().accept(this, packet);
        } catch (RuntimeException thrown) {
            log.warn("{}: onUnmatchedResponse failed", this, thrown);
        }
    }

    /** A request or stream ended. */
    void workEnded() {
        if (draining) {
            outbound.wake(); // comes to workDone()
        }
    }

    /** The peer answered a request with an error. */
    void requestFailed(int id, PeerException error) {
        PendingRequest request = pending.take(id);
        if (request == null) {
            counters.unmatchedResponses++;
        } else {
            counters.requestsFailed++;
            request.fail(error);
        }
    }

    /** While draining, only what ends work under way is worth reading: responses, items, what the peer gives up. */
    boolean wantsReads() {
        return !draining
                || pending.count() > 0
                || !streams.isEmpty()
                || farewellSent
                || (extended && peerRequests.unanswered() > 0);
    }

    boolean isDraining() {
        return draining;
    }

    /** Whether new work of the peer is refused, which a peer without our extensions cannot be told. */
    boolean refusesWork() {
        return draining && extended;
    }

    void refuse(Packet request) {
        refuse(request, PeerException.UNAVAILABLE, "the server is draining");
    }

    private void refuse(Packet request, int code, String why) {
        outbound.encodeError(Frames.REQUEST_ERROR, (int) request.messageId(), code, why);
        outbound.flushSoon();
    }

    /** A packet that is not given to the application, because there are too many. */
    void overloaded(Packet packet) {
        counters.packetsRefused++;
        if (packet.type() == PacketType.REQUEST && extended) {
            refuse(packet, PeerException.OVERLOADED, "too many requests");
        }
    }

    /** A stream is opened; false when it is to be refused. */
    boolean admitsStream() {
        if (handler.admitsStream()) {
            return true;
        }
        counters.packetsRefused++;
        return false;
    }

    /** A stretch of work has ended: closing and draining may go on. */
    void workDone() {
        if (draining
                && state == OPEN
                && peerRequests.unanswered() == 0
                && pending.count() == 0
                && streams.isEmpty()
                && (inbound.isEmpty() || !inbound.hasSubscriber())
                && lanes.isDrained()
                && STATE.compareAndSet(this, OPEN, CLOSING)) {
            beginClose(CloseReason.GOING_AWAY);
        } else if (state == CLOSING && closingFor != null && !farewellSent && lanes.isDrained()) {
            sayFarewell(closingFor);
        }
    }

    void roomChanged() {
        Sinks.Many<Boolean> sink = writability;
        if (sink != null) {
            boolean ended = state == CLOSED;
            sink.tryEmitNext(!ended && outbound.hasRoom() && channel.isWritable());
            if (ended) {
                sink.tryEmitComplete();
            }
        }
    }

    // ---- event loop: the end ----

    private void beginClose(CloseReason reason) {
        if (state == CLOSED) {
            return;
        }
        closingFor = reason;
        Deadline deadline = new Deadline(() -> terminate(reason, null));
        closeDeadline = deadline;
        wheel().schedule(deadline, options.closeTimeout().toNanos());
        lanes.forEach(lane -> {
            lane.enter();
            lane.stopSenders();
            lane.exit(); // comes to workDone()
        });
    }

    void closeNow(CloseReason reason) {
        if (STATE.compareAndSet(this, OPEN, CLOSING)) {
            beginClose(reason);
        }
    }

    /** Everything accepted is written: tells the peer, then waits for it to close. */
    private void sayFarewell(CloseReason reason) {
        farewellSent = true;
        lanes.endOutputOfOthers();
        ByteBuf frame = framing.closeFrame(reason);
        boolean peerAnswers = frame != null;
        if (frame == null && extended && !framing.tellsReason()) {
            outbound.writeFrameNow(Packet.oneWay(Frames.error(reason.code(), reason.message())), Frames.CLOSE);
        }
        ctx.writeAndFlush(frame == null ? Unpooled.EMPTY_BUFFER : frame).addListener((ChannelFutureListener)
                written -> {
                    if (!written.isSuccess()) {
                        terminate(reason, written.cause());
                    } else if (!peerAnswers) {
                        endOutput(reason);
                    }
                });
        if (!peerFinished) {
            handler.discardReads(); // the end of the stream is behind what the peer still sends
        }
    }

    private void endOutput(CloseReason reason) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls != null) {
            tls.closeOutbound().addListener(done -> shutdownOutput(reason));
        } else {
            shutdownOutput(reason);
        }
    }

    /** FIN; the peer's own end of stream then ends the session, or the deadline does. */
    private void shutdownOutput(CloseReason reason) {
        if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput().addListener(done -> {
                if (!done.isSuccess()) {
                    terminate(reason, null);
                }
            });
        } else {
            terminate(reason, null);
        }
    }

    /** TLS says that the peer sends no more. */
    void peerClosesTls() {
        peerCloses(peerReason, Unpooled.EMPTY_BUFFER);
    }

    /** The peer said that it closes: answered, and done. */
    void peerCloses(CloseReason reason, ByteBuf answer) {
        if (state == CLOSED) {
            answer.release();
            return;
        }
        outbound.flush();
        if (farewellSent || !answer.isReadable()) {
            answer.release();
            terminate(closingFor == null || peerFinished ? reason : closingFor, null);
            return;
        }
        STATE.compareAndSet(this, OPEN, CLOSING);
        closingFor = reason;
        farewellSent = true;
        closeDeadline = new Deadline(() -> terminate(reason, null));
        wheel().schedule(closeDeadline, options.closeTimeout().toNanos());
        ctx.writeAndFlush(answer).addListener(done -> terminate(reason, null));
    }

    /**
     * The peer ended its side of a connection that it closes, and says why when our side has ended too; false when this
     * side closes as well.
     */
    boolean peerFinishes() {
        if (state == OPEN) {
            peerFinished = true;
            closeNow(CloseReason.PEER_CLOSED);
        }
        return peerFinished;
    }

    /** The peer causes more than it may: nothing more of it is decoded. */
    void excess(String what) {
        handler.violated(new ProtocolException(Rule.EXCESS, what));
    }

    /** The peer broke a rule: it is told, and the connection ends. */
    void violated(ProtocolException broken) {
        log.debug("{}: {}", this, broken.getMessage());
        int code =
                switch (broken.rule()) {
                    case MALFORMED -> 1002;
                    case TOO_LARGE -> 1009;
                    case UNSUPPORTED -> 1003;
                    case NOT_TEXT -> 1007;
                    case EXCESS -> 1008;
                };
        CloseReason reason = new CloseReason(Kind.PROTOCOL, code, String.valueOf(broken.getMessage()));
        brokenBy = broken;
        outbound.flush();
        ByteBuf frame = framing.closeFrame(reason);
        if (frame == null || state == CLOSED) {
            if (frame != null) {
                frame.release();
            }
            terminate(reason, broken);
            return;
        }
        STATE.compareAndSet(this, OPEN, CLOSING);
        closingFor = reason;
        farewellSent = true;
        closeDeadline = new Deadline(() -> terminate(reason, broken));
        wheel().schedule(closeDeadline, options.closeTimeout().toNanos());
        handler.discardReads();
        ctx.writeAndFlush(frame).addListener(done -> terminate(reason, broken));
    }

    /** Ends at once, for a reason of this side. */
    void cut(CloseReason reason) {
        terminate(reason, null);
    }

    /** It is in a group from here on; false when it has ended. */
    boolean addMembership(GroupMember member) {
        if (state == CLOSED) {
            return false;
        }
        if (memberships == null) {
            memberships = new ArrayList<>(1);
        }
        memberships.add(member);
        return true;
    }

    void removeMembership(GroupMember member) {
        if (memberships != null) {
            memberships.remove(member);
        }
    }

    private void leaveGroups() {
        List<GroupMember> all = memberships;
        memberships = null;
        if (all != null) {
            all.forEach(GroupMember::sessionEnded);
        }
    }

    /** The connection, a subscriber or a handler failed. */
    void broken(Throwable cause) {
        CloseReason reason = new CloseReason(Kind.ERROR, 1011, String.valueOf(cause));
        terminate(reason, cause);
    }

    /** The channel is closed. */
    void inactive() {
        CloseReason reason = closingFor;
        terminate(reason == null ? peerReason : reason, brokenBy);
    }

    /** The peer says why it will close the connection, which follows. */
    void peerWillClose(PeerException why) {
        if (why.code() < 1000 || why.code() > 4999) {
            throw new ProtocolException(Rule.MALFORMED, "close code " + why.code() + " is outside 1000..4999");
        }
        peerReason = new CloseReason(Kind.PEER, why.code(), String.valueOf(why.getMessage()));
    }

    private void terminate(CloseReason reason, @Nullable Throwable cause) {
        if (STATE.getAndSet(this, CLOSED) == CLOSED) {
            return;
        }
        closeReason = reason;
        if (closeDeadline != null) {
            wheel().cancel(closeDeadline);
        }
        liveness.stop(reason.isOrderly() ? liveness.health().state() : HealthState.FAILED);
        closeChannel(reason);
        ConnectionLostException lost = lost("the connection ended: " + reason, cause);
        pending.failAll(() -> lost("the connection ended before the response came", cause));
        streams.failAll(() -> lost("the connection ended before the stream did", cause));
        peerRequests.end();
        handler.endLanes();
        lanes.forEach(lane -> lane.end(lost));
        leaveGroups();
        if (reason.kind() == Kind.LOCAL || reason.kind() == Kind.DRAINED) {
            handler.discardParked();
        }
        inbound.end(reason.isOrderly() ? null : cause instanceof ProtocolException ? cause : lost);
        roomChanged();
        closed.tryEmitValue(reason);
    }

    /** TLS says goodbye only where there is somebody to hear it; else it would wait for room in the socket. */
    private void closeChannel(CloseReason reason) {
        ChannelHandlerContext first = ctx.pipeline().firstContext();
        boolean isQuicStream = channel.unsafe().outboundBuffer() == null; // whose transport has more to do
        if (first == null || isQuicStream || (reason.isOrderly() && channel.isWritable())) {
            channel.close();
        } else {
            first.close();
        }
    }

    ConnectionLostException lost(String message) {
        return lost(message, null);
    }

    private ConnectionLostException lost(String message, @Nullable Throwable cause) {
        CloseReason reason = closeReason;
        return new ConnectionLostException(
                message, reason == null ? new CloseReason(Kind.LOCAL, 1000, "closing") : reason, 0, cause);
    }

    /** The event loop was shut down under the session. */
    void loopIsGone(Throwable rejected) {
        if (STATE.getAndSet(this, CLOSED) != CLOSED) {
            closeReason = new CloseReason(Kind.ERROR, 1011, "the event loop is shut down");
            log.debug("{}: the event loop is shut down", this, rejected);
            roomChanged();
            closed.tryEmitValue(new CloseReason(Kind.ERROR, 1011, "the event loop is shut down"));
        }
    }
}
