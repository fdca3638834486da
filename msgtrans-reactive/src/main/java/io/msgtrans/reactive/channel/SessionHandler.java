package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PayloadException;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.SessionOptions.PayloadErrors;
import io.msgtrans.reactive.monitor.Timings;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.spi.ReadSizes;
import io.msgtrans.reactive.wire.DirectMemory;
import io.msgtrans.reactive.wire.Masking;
import io.msgtrans.reactive.wire.PacketHeader;
import io.msgtrans.reactive.wire.PayloadCodec;
import io.msgtrans.reactive.wire.Words;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.CodecException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * The last inbound handler of a connection: turns reads into packets and gives them to the session's subscriber, with no
 * queue and no thread in between.
 *
 * <p>Stands behind TLS and in front of Reactor Netty's bridge, which sees no message any more. Each packet is copied once,
 * into an array of its own; for a borrowing subscriber it is left where it is. A packet that a read does not complete is
 * gathered in a {@link PartialFrame}. When the subscriber has no demand and the inbound bound is reached, the rest of the read
 * is parked and the socket is not read any more.
 */
public final class SessionHandler extends ChannelInboundHandlerAdapter implements FrameSink {

    private static final Logger log = Loggers.getLogger(SessionHandler.class);

    private static final Timings NOT_MEASURED = new Timings();

    private final Framing framing;
    private final SessionOptions options;
    private final String scheme;
    private final LongSupplier ids;
    private final Role role;
    private final @Nullable Connection connection;
    private final BiConsumer<Session, Connection> opened;
    /** The handler of the session's first channel, when this one is a lane beside it. */
    private final @Nullable SessionHandler first;

    // Set when the handler is added; event loop only, but for the session itself.
    private @Nullable ChannelHandlerContext context;
    private volatile @Nullable ChannelSession session;
    private @Nullable Inbound inbound;
    private @Nullable Outbound outbound;
    private @Nullable LoopActivity activity;
    /** Of the first channel: the others. */
    private List<SessionHandler> lanes = List.of();

    private final PartialFrame partial = new PartialFrame();
    /** Whether what is decoded lies in an array that was gathered for it, so that its packet need not be copied. */
    private boolean gathered;

    /** What is decoded, as its owner knows it. */
    private ByteBuf source = Unpooled.EMPTY_BUFFER;

    private final ArrayDeque<ByteBuf> parked = new ArrayDeque<>(0);
    private boolean inBurst;
    private boolean reading;
    private boolean discarding;
    private Function<SocketAddress, @Nullable Gate> limits = remote -> null;
    private Timings timings = NOT_MEASURED;
    private @Nullable Gate gate;
    private TimeoutWheel.@Nullable Timeout pause;
    /** Whether the next packet would be the first, and may ask for the wire extensions. */
    private boolean helloPossible;

    /** Whether the answer to our hello is waited for. */
    private volatile boolean sayingHello;
    /** Demand came during a read, and is seen to behind it. */
    private boolean resuming;

    private boolean closed;
    private long packetsReceived;
    /** When the burst began. */
    private long packetsBefore;

    private long bytesReceived;

    /**
     * @param ids gives the session's id when it opens
     * @param scheme the scheme of its transport
     * @param options its limits
     * @param framing how packets lie in its bytes
     * @param role which side of the connection this is, and what was agreed
     * @param connection what the channel is a part of, or {@code null} when it is the connection itself
     * @param opened called on the event loop with the connection when the session exists, before anything is
     *     read
     */
    public SessionHandler(
            LongSupplier ids,
            String scheme,
            SessionOptions options,
            Framing framing,
            Role role,
            @Nullable Connection connection,
            BiConsumer<Session, Connection> opened) {
        this.ids = ids;
        this.role = role;
        this.scheme = scheme;
        this.options = options;
        this.framing = framing;
        this.connection = connection;
        this.opened = opened;
        this.first = null;
    }

    private SessionHandler(SessionHandler first) {
        this.ids = first.ids;
        this.role = first.role;
        this.scheme = first.scheme;
        this.options = first.options;
        this.framing = first.framing;
        this.connection = first.connection;
        this.opened = first.opened;
        this.first = first;
    }

    /** The peer's first packet may ask for the wire extensions. To be called before the handler is added. */
    public SessionHandler acceptHello() {
        helloPossible = true;
        return this;
    }

    /** Limits what the peer may ask for, by its address. To be called before the handler is added. */
    public SessionHandler limit(Function<SocketAddress, @Nullable Gate> limits) {
        this.limits = limits;
        return this;
    }

    /** Measures how long requests take. To be called before the handler is added. */
    public SessionHandler measure(Timings timings) {
        this.timings = timings;
        return this;
    }

    /**
     * Asks a peer on plain TCP for the wire extensions; gives the session with or without them. One that does not answer, or is
     * not waited for, is left.
     */
    public Mono<Session> sayHello() {
        ChannelSession present = present();
        sayingHello = true;
        return present.hello()
                .doOnTerminate(() -> sayingHello = false)
                .doOnNext(answer -> {
                    if (Arrays.equals(answer.extHeader(), Hello.TEXT)) {
                        present.extend();
                    }
                })
                .<Session>thenReturn(present)
                .doFinally(signal -> {
                    if (signal != SignalType.ON_COMPLETE) {
                        present.dispose(); // behind the cancel of the request
                    }
                });
    }

    /**
     * A handler that makes another channel of the same connection and event loop a lane of this handler's session. The
     * framing must keep no state.
     */
    public SessionHandler lane() {
        return new SessionHandler(this);
    }

    /** The session, when the handler was added to an active channel. */
    public Session session() {
        return present();
    }

    private ChannelSession present() {
        ChannelSession present = session;
        if (present == null) {
            throw new IllegalStateException("the session handler was not added to an active channel");
        }
        return present;
    }

    private ChannelHandlerContext ctx() {
        ChannelHandlerContext present = context;
        if (present == null) {
            throw new IllegalStateException("the session handler was not added");
        }
        return present;
    }

    private Inbound inbound() {
        Inbound present = inbound;
        if (present == null) {
            throw new IllegalStateException("the session handler was not added to an active channel");
        }
        return present;
    }

    private Outbound outbound() {
        Outbound present = outbound;
        if (present == null) {
            throw new IllegalStateException("the session handler was not added to an active channel");
        }
        return present;
    }

    // ---- life ----

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        if (ctx.channel().isActive()) {
            open(ctx);
        } else if (!ctx.channel().isOpen()) {
            // The peer has sent its packets and is gone before we came; behind what a decoder still held, that is seen.
            open(ctx);
            ctx.executor().execute(() -> end(ctx));
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (session == null) {
            open(ctx);
        }
        ctx.fireChannelActive();
    }

    private void open(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(false).setRecvByteBufAllocator(ReadSizes.of(options));
        if (first != null) {
            join(first, ctx);
            return;
        }
        inbound = new Inbound(this, options.inboundPackets(), options.inboundBytes());
        activity = LoopActivity.current();
        Connection whole = connection == null ? Connection.of(ctx.channel()) : connection;
        gate = limits.apply(whole.remote());
        inbound.shedAfter(gate == null ? 0 : gate.shedNanos());
        ChannelSession created =
                new ChannelSession(ids.getAsLong(), scheme, options, framing, role, whole, ctx, this, inbound, timings);
        session = created;
        outbound = created.outbound();
        created.start();
        opened.accept(created, whole);
        readMore();
    }

    /** Becomes a lane. */
    private void join(SessionHandler whole, ChannelHandlerContext ctx) {
        ChannelSession present = whole.present();
        session = present;
        inbound = whole.inbound();
        gate = whole.gate;
        activity = whole.activity;
        outbound = present.addLane(ctx);
        List<SessionHandler> more = new ArrayList<>(whole.lanes);
        more.add(this);
        whole.lanes = List.copyOf(more);
        discarding = whole.discarding;
        readMore();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        end(ctx);
        ctx.fireChannelInactive();
    }

    private void end(ChannelHandlerContext ctx) {
        closed = true;
        if (session != null) {
            if (partial.isPresent() && !discarding) {
                present().counters().truncated++;
            }
            present().inactive();
        }
        partial.release();
        for (int i = parked.size(); i > 0; i--) {
            ByteBuf rest = parked.remove();
            parked.add(Unpooled.wrappedBuffer(ByteBufUtil.getBytes(rest))); // may be dropped without release
            rest.release();
        }
        if (inBurst) {
            channelReadComplete(ctx);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (session == null) {
            ctx.close();
        } else if (cause instanceof CodecException && cause.getCause() instanceof ProtocolException violation) {
            violated(violation); // by a codec that a transport has put before this handler
        } else {
            present().broken(cause);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent) {
            if (session != null) {
                present().peerClosesTls();
            }
            ReferenceCountUtil.release(event);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (session != null) {
            outbound().writabilityChanged();
            present().roomChanged();
        }
    }

    // ---- reads ----

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf read)) {
            ReferenceCountUtil.release(message);
            return;
        }
        reading = false;
        if (closed || !read.isReadable() || session == null) {
            read.release();
            return;
        }
        if (!inBurst) {
            inBurst = true;
            outbound().enter();
            beginBurst();
        }
        bytesReceived += read.readableBytes();
        present().liveness().alive();
        if (parked.isEmpty()) {
            decode(read);
        } else {
            parked.add(read);
        }
    }

    private void beginBurst() {
        LoopActivity present = activity;
        if (present != null) {
            packetsBefore = packetsReceived;
            outbound().flushAfter(present.flushPackets(this));
        }
    }

    void violated(ProtocolException broken) {
        closed = true;
        present().violated(broken);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        if (inBurst) {
            inBurst = false;
            if (activity != null) {
                activity.burst(packetsReceived - packetsBefore);
            }
            outbound().flushAfter(LoopActivity.AT_THE_END);
            outbound().exit();
        }
        if (session != null) {
            readMore();
        }
    }

    /** Whether a packet may be decoded: there is room for it, and it is not too early. */
    private boolean hasRoom() {
        return inbound().hasRoom() && (gate == null || isDue(gate));
    }

    /** The time of the event loop. */
    long nanoTime() {
        return ctx().channel().eventLoop().ticker().nanoTime();
    }

    private boolean isDue(Gate limit) {
        long nanos = limit.nanosUntilNext(nanoTime());
        if (nanos > 0 && pause == null) {
            TimeoutWheel.Timeout over = new TimeoutWheel.Timeout() {
                @Override
                void expire() {
                    pause = null;
                    resume();
                }
            };
            pause = over;
            TimeoutWheel.of(ctx().channel().eventLoop()).schedule(over, nanos);
        }
        return nanos <= 0;
    }

    /** Reads the socket if what comes would have room. */
    void readMore() {
        if (!closed
                && ctx().channel().isActive()
                && !reading
                && parked.isEmpty()
                && (discarding || (hasRoom() && present().wantsReads()))) {
            reading = true;
            ctx().read();
        }
    }

    /** Goes on with what was kept and parked, when there is demand again. */
    void resume() {
        if (session == null) {
            return;
        }
        if (inbound().decoding) {
            resumeLater();
            return;
        }
        outbound().enter();
        try {
            inbound().drain();
            unpark();
            lanes.forEach(SessionHandler::unpark);
            inbound().drain();
        } finally {
            outbound().exit();
        }
        readMore();
        lanes.forEach(SessionHandler::readMore);
    }

    /** What is decoded below us goes to the subscriber directly, but only if nothing waits before it. */
    private void resumeLater() {
        if (!resuming && (!inbound().isEmpty() || hasParked())) {
            resuming = true;
            ctx().channel().eventLoop().execute(() -> {
                resuming = false;
                resume();
            });
        }
    }

    private void unpark() {
        while (!parked.isEmpty() && (discarding || hasRoom())) {
            decode(parked.remove());
            inbound().drain();
        }
    }

    boolean saysHello() {
        return sayingHello;
    }

    /** Whether nothing is read, for want of demand. */
    boolean isStalled() {
        return hasParked() || !hasRoom() || !present().wantsReads();
    }

    boolean hasParked() {
        return !parked.isEmpty() || lanes.stream().anyMatch(SessionHandler::hasParked);
    }

    /** From now on what arrives is thrown away, so that the end of the stream is seen. */
    void discardReads() {
        discarding = true;
        discardParked();
        readMore();
        for (SessionHandler lane : lanes) {
            lane.discarding = true;
            lane.readMore();
        }
    }

    /** Nobody will ask any more. */
    void discardParked() {
        present().counters().packetsDiscarded += inbound().discard();
        releaseParked();
        lanes.forEach(SessionHandler::releaseParked);
    }

    private void releaseParked() {
        for (ByteBuf rest = parked.poll(); rest != null; rest = parked.poll()) {
            rest.release();
        }
    }

    /** The session has ended: what the lanes still read belongs to nobody. */
    void endLanes() {
        for (SessionHandler lane : lanes) {
            lane.closed = true;
        }
    }

    long packetsReceived() {
        long sum = packetsReceived;
        for (SessionHandler lane : lanes) {
            sum += lane.packetsReceived;
        }
        return sum;
    }

    long bytesReceived() {
        long sum = bytesReceived;
        for (SessionHandler lane : lanes) {
            sum += lane.bytesReceived;
        }
        return sum;
    }

    @SuppressWarnings("ReferenceEquality") // other buffers may have the same bytes
    private void decode(ByteBuf in) {
        inbound().decoding = true;
        boolean kept = false;
        ByteBuf bytes = DirectMemory.bare(in);
        try {
            int index = in.readerIndex();
            int end = in.writerIndex();
            if (partial.isPresent()) {
                index += complete(in, index, end);
            }
            if (source != in) { // mostly it is: read buffers are used again, and a store costs G1 a look at this object
                source = in;
            }
            while (index < end) {
                index = framing.takePlain(bytes, index, end, this);
                if (index == end) {
                    return;
                }
                if (!discarding && !hasRoom()) {
                    in.readerIndex(index);
                    parked.addFirst(in);
                    kept = true;
                    return;
                }
                int frameLength = framing.take(bytes, index, end - index, this);
                if (frameLength < 0 || frameLength > end - index) {
                    partial.begin(in, index, end - index, frameLength, inbound().isBorrowing());
                    return;
                }
                index += frameLength;
            }
        } catch (ProtocolException broken) {
            violated(broken);
        } finally {
            inbound().decoding = false;
            if (!kept) {
                in.release();
            }
        }
    }

    /** Completes the frame that earlier reads began, as far as this one goes; gives the bytes taken. */
    private int complete(ByteBuf in, int index, int end) {
        int from = index;
        while (partial.isPresent() && index < end) {
            index += partial.append(in, index, end - index);
            ByteBuf frame = partial.bytes();
            int frameLength = framing.frameLength(frame, 0, partial.length());
            if (frameLength == partial.length()) {
                partial.take();
                gathered = frame.hasArray();
                source = frame;
                try {
                    framing.frame(frame, 0, frameLength, this);
                } finally {
                    gathered = false;
                    frame.release();
                }
            } else {
                partial.expect(frameLength);
            }
        }
        return index - from;
    }

    /**
     * One packet that came beside the stream, to be called on the event loop; the caller keeps the buffer. Without demand,
     * or room for it, it is dropped and counted.
     */
    public void unreliable(ByteBuf in) {
        if (closed || session == null) {
            return;
        }
        bytesReceived += in.readableBytes();
        present().liveness().alive();
        if (discarding || !inbound().hasRoom()) {
            present().counters().unreliableDropped++;
            return;
        }
        outbound().enter();
        inbound().decoding = true;
        source = in;
        try {
            int index = in.readerIndex();
            PacketHeader.checkFrame(in, index, in.readableBytes(), framing.maxPayload(), options.ignoreTrailingBytes());
            packet(in, index);
        } catch (ProtocolException broken) {
            violated(broken);
        } finally {
            inbound().decoding = false;
            outbound().exit();
        }
    }

    // ---- frames ----

    @Override
    @SuppressWarnings("ReferenceEquality") // other buffers may have the same bytes
    public void packet(ByteBuf in, int index) {
        ByteBuf read = source;
        if (in != DirectMemory.bare(read)) {
            source = in; // the framing has put the packet together
        }
        try {
            packet(in, index, in.getLong(index), in.getLong(index + 8));
        } finally {
            source = read;
        }
    }

    @Override
    public void packet(ByteBuf in, int index, long head, long tail) {
        take(in, index, head, tail, 0);
    }

    @Override
    public void maskedPacket(ByteBuf in, int index, long head, long tail, int key) {
        take(in, index, head, tail, key);
    }

    private void take(ByteBuf in, int index, long head, long tail, int key) {
        if (takesPlain(head, tail)) {
            plainPacket(in, index, head, tail, key);
        } else {
            inspect(in, index, head, tail, key);
        }
    }

    @Override
    public boolean takesPlain(long head, long tail) {
        return PacketHeader.isPlain(head)
                && (tail & Packet.FLAG_FRAGMENTED) == 0
                && !gathered
                && !discarding
                && !helloPossible
                && gate == null
                && inbound().next() != null;
    }

    // Short, to be compiled into the framing's loop with what the subscriber does. Made in one place for each kind of
    // memory, a packet that nobody keeps need not exist (escape analysis).
    @Override
    public void plainPacket(ByteBuf in, int index, long head, long tail, int key) {
        InboundSubscription subscriber = inbound().subscriber();
        packetsReceived++;
        if (subscriber.borrowed) {
            unmask(in, index, tail, key);
            subscriber.deliver(Packet.read(source, index, head, tail, true));
            return;
        }
        int body = index + Packet.HEADER_BYTES;
        int words = Words.holding(in, body, (int) PacketHeader.length(tail) - Packet.HEADER_BYTES);
        if (words == 8) {
            subscriber.deliver(Packet.view(Words.eight(in, body, key), head, tail));
        } else if (words == 4) {
            subscriber.deliver(Packet.view(Words.four(in, body, key), head, tail));
        } else if (words == 16) {
            subscriber.deliver(Packet.view(Words.sixteen(in, body, key), head, tail));
        } else {
            subscriber.deliver(own(in, index, head, tail, key));
        }
    }

    private static void unmask(ByteBuf in, int index, long tail, int key) {
        if (key != 0) {
            Masking.apply(in, index, (int) PacketHeader.length(tail), key);
        }
    }

    private void inspect(ByteBuf in, int index, long head, long tail, int key) {
        if (PacketHeader.isExtension(head)) {
            unmask(in, index, tail, key);
            extension(in, index, head, tail);
            return;
        }
        if (inbound().isBorrowing() && !gathered) {
            unmask(in, index, tail, key);
            packet(Packet.read(source, index, head, tail, true));
        } else {
            packet(own(in, index, head, tail, key));
        }
    }

    private Packet own(ByteBuf in, int index, long head, long tail, int key) {
        int body = index + Packet.HEADER_BYTES;
        if (gathered) {
            unmask(in, index, tail, key);
            return Packet.view(in.array(), in.arrayOffset() + body, head, tail);
        }
        return key == 0
                ? Packet.read(in, index, head, tail, false)
                : Packet.view(
                        Masking.copy(in, body, (int) PacketHeader.length(tail) - Packet.HEADER_BYTES, key),
                        0,
                        head,
                        tail);
    }

    @Override
    public void packet(Packet packet) {
        packetsReceived++;
        if (discarding) {
            present().counters().packetsDiscarded++;
            return;
        }
        received(packet);
    }

    private void received(Packet packet) {
        if (packet.hasFlag(Packet.FLAG_FRAGMENTED) && options.rejectFragmented()) {
            throw new ProtocolException(Rule.MALFORMED, "packet has the flag FRAGMENTED (option rejectFragmented)");
        }
        if (packet.compression() != Compression.NONE) {
            inflate(packet);
        } else if (packet.type() == PacketType.RESPONSE) {
            respond(packet, null);
        } else {
            deliver(packet);
        }
    }

    private void extension(ByteBuf in, int index, long head, long tail) {
        if (!present().isExtended()) {
            throw PacketHeader.malformed(head);
        }
        int type = (int) (head >>> 40 & 0xFF);
        packetsReceived += type < Frames.PING ? 1 : 0; // the others say something of the connection
        if (discarding && type != Frames.CLOSE) {
            present().counters().packetsDiscarded += type < Frames.PING ? 1 : 0;
            return;
        }
        long oneWay = head & ~(0xFFL << 40);
        long flags = type == Frames.REQUEST ? 0 : tail & Frames.FLAGS;
        Packet packet = own(in, index, oneWay, tail - flags, 0);
        int id = (int) head;
        switch (type) {
            case Frames.REQUEST -> received(MetadataBlock.decode(packet.withType(PacketType.REQUEST), options));
            case Frames.REQUEST_ERROR -> present().requestFailed(id, Frames.error(packet));
            case Frames.CLOSE -> present().peerWillClose(Frames.error(packet));
            case Frames.PING -> present().liveness().ping(packet);
            case Frames.PONG -> present().liveness().pong(packet);
            case Frames.REQUEST_CANCEL -> present().peerRequests().givenUp(id);
            default -> present().streams().frame(type, id, packet, (int) flags);
        }
    }

    private void deliver(Packet packet) {
        if (packet.type() != PacketType.ONE_WAY || gate != null || helloPossible) {
            deliverIfWanted(packet);
        } else {
            inbound().next(packet);
        }
    }

    private void deliverIfWanted(Packet packet) {
        if (helloPossible) {
            helloPossible = false;
            if (Hello.isHello(packet)) {
                present().extend();
                outbound().encode(packet.responseBuilder().extHeader(Hello.TEXT).build(), null);
                outbound().flushSoon();
                return;
            }
        }
        if (gate != null && !gate.admits(nanoTime())) {
            present().overloaded(packet);
            return;
        }
        if (packet.type() == PacketType.REQUEST) {
            if (present().refusesWork()) {
                present().refuse(packet);
                return;
            }
            present().peerRequests().received((int) packet.messageId());
        }
        inbound().next(packet);
    }

    private void inflate(Packet packet) {
        Packet inflated;
        try {
            inflated = PayloadCodec.inflate(packet, options.maxInflated(), options.maxInflateRatio());
        } catch (PayloadException broken) {
            present().counters().payloadErrors++;
            if (options.payloadErrors() == PayloadErrors.CLOSE) {
                throw new ProtocolException(Rule.MALFORMED, broken.getMessage() + " (option payloadErrors)");
            }
            if (options.payloadErrors() == PayloadErrors.DELIVER_RAW) {
                inflated = packet;
            } else if (packet.type() == PacketType.RESPONSE) {
                respond(packet, broken);
                return;
            } else {
                log.debug("{}: dropped {}", present(), packet, broken);
                return;
            }
        }
        if (inflated.type() == PacketType.RESPONSE) {
            respond(inflated, null);
        } else {
            deliver(inflated);
        }
    }

    private void respond(Packet packet, @Nullable PayloadException broken) {
        PendingRequest request = present().pending().take((int) packet.messageId());
        if (request == null) {
            present().unmatched(packet);
        } else if (broken != null) {
            request.fail(broken);
        } else {
            request.respond(packet.isBorrowed() ? packet.compact() : packet);
        }
    }

    @Override
    public void answer(ByteBuf frame) {
        outbound().writeNow(frame);
    }

    @Override
    public void pong(long token) {
        present().liveness().answered(token);
    }

    @Override
    public void peerCloses(CloseReason reason, ByteBuf answer) {
        present().peerCloses(reason, answer);
    }

    /**
     * The peer will send nothing more and closes the connection when our side has ended too: what was accepted is sent,
     * then our side ends. To be called on the event loop, by a transport where the peer's reason comes last.
     *
     * @return false when this side closes as well, so that no reason of the peer is waited for
     */
    public boolean peerFinishes() {
        return present().peerFinishes();
    }

    @Override
    public void ignored() {
        present().counters().ignoredFrames++;
    }

    /** A stream is opened; false when it is to be refused. */
    boolean admitsStream() {
        return gate == null || gate.admits(nanoTime());
    }

    /** A request waited too long for demand. */
    void shed(Packet request) {
        present().overloaded(request);
        present().peerRequests().answered((int) request.messageId());
    }

    void subscriberFailed(Throwable thrown) {
        present().broken(thrown);
    }

    void inEventLoop(Runnable task) {
        EventLoop loop = ctx().channel().eventLoop();
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    /** Why a response may not have been read yet, for the message of a time-out. */
    String stallHint() {
        return !hasParked()
                ? ""
                : "; reading is stopped because packets wait for demand of receive() (options inboundPackets, inboundBytes)";
    }
}
