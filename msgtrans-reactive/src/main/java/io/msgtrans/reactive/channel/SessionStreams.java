package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Deadline;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Metadata;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PayloadException;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.wire.PayloadCodec;
import io.netty.util.collection.IntObjectHashMap;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.Logger;
import reactor.util.Loggers;
import reactor.util.context.Context;

/** The streams of one session, those that this side opened and those of the peer. Event loop only, but for what users call. */
final class SessionStreams {

    private static final Logger log = Loggers.getLogger(SessionStreams.class);

    /** Streams with a full window each that a connection carries at one time. */
    private static final int CREDIT_SHARE = 4;

    /** Of sessions that have opened none yet; nothing is ever put into it. */
    private static final IntObjectHashMap<Stream> NO_STREAMS = new IntObjectHashMap<>(1);

    private static final int LEAST_CREDIT = 16;
    private static final int ITEM_BYTES_SHIFT = 4;

    private final ChannelSession session;
    private final SessionOptions options;
    private final int maxPayload;
    private IntObjectHashMap<Stream> byId = NO_STREAMS;
    private boolean hasMap;
    /** The client's ids are odd, the server's even. */
    private int lastOpened;

    private int lastAccepted;
    /** Average size of items, times 16. */
    private long itemBytes = 64L << ITEM_BYTES_SHIFT;

    private int window;

    SessionStreams(ChannelSession session, SessionOptions options, int maxPayload, boolean client) {
        this.session = session;
        this.options = options;
        this.maxPayload = maxPayload;
        this.lastOpened = client ? -1 : 0;
        this.lastAccepted = client ? 0 : -1;
    }

    /** How a stream begins whose first item comes from a publisher. */
    interface Opening {
        void open(Packet first, StreamSender sender);

        /** The publisher ended without an item. */
        void neverOpened(@Nullable Throwable error);
    }

    private void add(int id, Stream stream) {
        if (!hasMap) {
            hasMap = true;
            byId = new IntObjectHashMap<>(4);
        }
        byId.put(id, stream);
    }

    // ---- what users call ----

    Flux<Packet> requestStream(Packet request) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Packet> actual) {
                StreamReceiver receiver = new StreamReceiver(SessionStreams.this, actual);
                actual.onSubscribe(receiver);
                inEventLoop(() -> open(receiver, null, request, Frames.FLAG_OTHER_SENDS));
            }
        };
    }

    /** Sends items and receives items; with {@link Frames#FLAG_SINGLE} exactly one. */
    Flux<Packet> channel(Publisher<Packet> items, int kind) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Packet> actual) {
                StreamReceiver receiver = new StreamReceiver(SessionStreams.this, actual);
                StreamSender sender = new StreamSender(
                        SessionStreams.this, session.outbound(), actual.currentContext(), new Opening() {
                            @Override
                            public void open(Packet first, StreamSender opener) {
                                SessionStreams.this.open(
                                        receiver,
                                        opener,
                                        first,
                                        kind | Frames.FLAG_OPENER_SENDS | Frames.FLAG_OTHER_SENDS);
                            }

                            @Override
                            public void neverOpened(@Nullable Throwable error) {
                                receiver.end(error);
                            }
                        });
                receiver.opensWith(sender);
                actual.onSubscribe(receiver);
                Throwable refused = whyNot();
                if (refused != null) {
                    inEventLoop(() -> receiver.end(refused));
                } else {
                    items.subscribe(sender);
                }
            }
        };
    }

    private @Nullable Throwable whyNot() {
        if (!session.isOpen()) {
            return session.lost("a stream on a closed session");
        }
        return session.isExtended() ? null : notExtended();
    }

    static IllegalStateException notExtended() {
        return new IllegalStateException(
                "the peer did not agree on our wire extensions (option extensions of both sides)");
    }

    void inEventLoop(Runnable task) {
        session.inEventLoop(task);
    }

    // ---- event loop: opening ----

    private void open(StreamReceiver receiver, @Nullable StreamSender sender, Packet first, int flags) {
        if (receiver.isCancelled()) {
            first.release();
            if (sender != null) {
                sender.cancelled();
            }
            return;
        }
        Throwable refused = whyNot();
        if (refused == null && byId.size() >= options.maxStreams()) {
            refused = new LimitException(
                    "open streams of a session", "maxStreams", options.maxStreams(), byId.size() + 1L);
        }
        if (refused != null) {
            refuse(receiver, sender, first, refused);
            return;
        }
        lastOpened += 2;
        Outbound outbound = session.laneOf(first);
        Stream stream = new Stream(lastOpened, outbound, true, first.hasFlag(Packet.FLAG_HIGH_PRIORITY));
        stream.receiver = receiver;
        stream.receiving = true;
        stream.sender = sender;
        add(stream.id, stream);
        updateWindow();
        int credit = receiver.firstCredit();
        byte[] metadata;
        try {
            metadata = MetadataBlock.encode(
                    options, receiver.context(), left(receiver), Map.of(), first.extHeaderLength());
        } catch (LimitException tooLong) {
            byId.remove(stream.id);
            refuse(receiver, sender, first, tooLong);
            return;
        }
        Packet opening = first.withExtHeader(withCredit(credit, first, metadata));
        outbound.encodeFrame(opening, Frames.OPEN, stream.id, metadata == null ? flags : flags | Frames.FLAG_METADATA);
        outbound.flushSoon();
        if (sender != null) {
            sender.opened(stream, 0);
        }
        receiver.opened(stream, credit, null);
    }

    private static void refuse(StreamReceiver receiver, @Nullable StreamSender sender, Packet first, Throwable why) {
        first.release();
        if (sender != null) {
            sender.cancelled();
        }
        receiver.end(why);
    }

    private static @Nullable Duration left(StreamReceiver receiver) {
        Deadline deadline = Deadline.of(receiver.context());
        return deadline == null ? null : deadline.remaining();
    }

    private static byte[] withCredit(int credit, Packet packet, byte @Nullable [] metadata) {
        byte[] ext = metadata == null ? packet.extHeader() : MetadataBlock.before(packet, metadata);
        return ByteBuffer.allocate(Frames.CREDIT_BYTES + ext.length)
                .putInt(credit)
                .put(ext)
                .array();
    }

    private void accept(int id, Packet packet, int flags) {
        byte[] ext = packet.extHeader();
        boolean ofPeer = (id & 1) != (lastOpened & 1);
        if (!ofPeer
                || Integer.compareUnsigned(id, Math.max(0, lastAccepted)) <= 0
                || ext.length < Frames.CREDIT_BYTES) {
            throw new ProtocolException(
                    Rule.MALFORMED,
                    "OPEN of stream " + Integer.toUnsignedString(id)
                            + (ofPeer ? " after " + lastAccepted : " with an id of this side") + ", " + ext.length
                            + " bytes of extension header");
        }
        lastAccepted = id;
        Stream stream = new Stream(id, session.laneOf(packet), false, packet.hasFlag(Packet.FLAG_HIGH_PRIORITY));
        StreamHandler handler = options.streamHandler();
        if (byId.size() >= options.maxStreams()) {
            sendError(stream, Frames.ERROR, PeerException.TOO_MANY_STREAMS, "option maxStreams");
            return;
        }
        if (!session.admitsStream()) {
            sendError(stream, Frames.ERROR, PeerException.OVERLOADED, "too many requests");
            return;
        }
        if (session.refusesWork()) {
            sendError(stream, Frames.ERROR, PeerException.UNAVAILABLE, "the server is draining");
            return;
        }
        Packet first = packet.withExtHeader(Arrays.copyOfRange(ext, Frames.CREDIT_BYTES, ext.length));
        if ((flags & Frames.FLAG_METADATA) != 0) {
            first = MetadataBlock.decode(first, options);
        }
        Metadata metadata = first.metadata();
        StreamSender sender = new StreamSender(this, stream.outbound, metadata.putInto(Context.empty()), null);
        add(id, stream);
        updateWindow();
        stream.sender = sender;
        stream.receiving = (flags & Frames.FLAG_OPENER_SENDS) != 0;
        sender.opened(stream, ByteBuffer.wrap(ext).getInt());
        try {
            Publisher<Packet> result;
            if (!stream.receiving) {
                result = handler.requestStream(session, first);
            } else if ((flags & Frames.FLAG_SINGLE) != 0) {
                result = handler.sendStream(session, items(stream, first));
            } else {
                result = handler.channel(session, items(stream, first));
            }
            within(metadata.deadline(), result).subscribe(sender);
        } catch (RuntimeException thrown) {
            sender.onSubscribe(Operators.emptySubscription());
            sender.onError(thrown);
        }
    }

    /** Ends with an error when the deadline passes. In two steps, since an error of the other would not cancel the result. */
    private static Publisher<Packet> within(@Nullable Deadline deadline, Publisher<Packet> result) {
        if (deadline == null) {
            return result;
        }
        return Flux.from(result)
                .takeUntilOther(Mono.delay(deadline.remaining()))
                .concatWith(Mono.defer(() -> deadline.isPassed() ? Mono.error(deadlinePassed()) : Mono.empty()));
    }

    private static PeerException deadlinePassed() {
        return new PeerException(PeerException.DEADLINE_PASSED, "the deadline of the stream has passed");
    }

    private Flux<Packet> items(Stream stream, Packet first) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Packet> actual) {
                StreamReceiver receiver = new StreamReceiver(SessionStreams.this, actual);
                actual.onSubscribe(receiver);
                inEventLoop(() -> {
                    if (stream.receiver != null || stream.itemsTaken) {
                        receiver.end(new IllegalStateException("the items of a stream have one subscriber only"));
                        return;
                    }
                    stream.itemsTaken = true;
                    stream.receiver = receiver;
                    receiver.opened(stream, 0, first);
                    if (!stream.receiving) {
                        receiver.end(stream.peerError);
                    }
                });
            }
        };
    }

    // ---- event loop: frames of the peer ----

    /** A frame of the peer; the packet lies in memory that may be kept. */
    void frame(int type, int id, Packet packet, int flags) {
        if (type == Frames.OPEN) {
            accept(id, packet, flags);
        } else {
            frameOfStream(type, id, packet, flags);
        }
    }

    private void frameOfStream(int type, int id, Packet packet, int flags) {
        Stream stream = byId.get(id);
        if (stream == null) {
            checkWasOpened(type, id);
            return;
        }
        switch (type) {
            case Frames.ITEM -> item(stream, packet, flags);
            case Frames.CREDIT -> credited(stream, number(packet));
            case Frames.COMPLETE -> receiverDone(stream, null);
            case Frames.ERROR -> failed(stream, Frames.error(packet));
            case Frames.CANCEL -> cancelled(stream);
            default -> {} // reserved
        }
    }

    private void checkWasOpened(int type, int id) {
        boolean ours = (id & 1) == (lastOpened & 1);
        int last = Math.max(0, ours ? lastOpened : lastAccepted);
        if (type <= Frames.CANCEL && (id == 0 || Integer.compareUnsigned(id, last) > 0)) {
            throw new ProtocolException(
                    Rule.MALFORMED, "frame of stream " + Integer.toUnsignedString(id) + ", which was never opened");
        }
    }

    private void item(Stream stream, Packet packet, int flags) {
        if (!stream.receiving) {
            return; // was under way when it was cancelled
        }
        StreamReceiver receiver = stream.receiver;
        if (receiver == null) {
            throw new ProtocolException(Rule.EXCESS, "an item of a stream without credit");
        }
        Packet whole = stream.assemble(packet, (flags & Frames.FLAG_CONTINUED) != 0, maxPayload);
        if (whole == null) {
            return;
        }
        if (whole.compression() != Compression.NONE) {
            try {
                whole = PayloadCodec.inflate(whole, options.maxInflated(), options.maxInflateRatio());
            } catch (PayloadException broken) {
                session.counters().payloadErrors++;
                sendControl(stream, Frames.CANCEL);
                receiverDone(stream, broken);
                return;
            }
        }
        receiver.next(whole);
        if ((flags & Frames.FLAG_LAST) != 0) {
            receiverDone(stream, null);
        }
    }

    private static long number(Packet packet) {
        byte[] payload = packet.payload();
        if (payload.length != Frames.CREDIT_BYTES) {
            throw new ProtocolException(Rule.MALFORMED, "CREDIT with " + payload.length + " bytes instead of 4");
        }
        return ByteBuffer.wrap(payload).getInt() & 0xFFFFFFFFL;
    }

    private void credited(Stream stream, long more) {
        StreamSender sender = stream.sender;
        if (sender != null) {
            sender.granted(more);
        }
    }

    private void failed(Stream stream, Throwable error) {
        receiverDone(stream, error); // first, so that what depends on the items sees why they end
        cancelled(stream);
    }

    private void cancelled(Stream stream) {
        StreamSender sender = stream.sender;
        if (sender != null) {
            stream.sender = null;
            sender.cancelled();
            forgetIfEnded(stream);
        }
    }

    private void receiverDone(Stream stream, @Nullable Throwable error) {
        if (!stream.receiving) {
            return;
        }
        stream.receiving = false;
        stream.peerError = error;
        if (stream.receiver != null) {
            stream.receiver.end(error);
        }
        forgetIfEnded(stream);
    }

    private void forgetIfEnded(Stream stream) {
        if (stream.isEnded() && byId.remove(stream.id) != null) {
            updateWindow();
            session.workEnded();
        }
    }

    // ---- event loop: what the ends of a stream do ----

    /** Items that a stream may have under way at present. */
    int window() {
        return window;
    }

    /**
     * What the option says, less when many streams share the connection, or when items are large, so that what is under way does
     * not hold up the rest of the connection. Found anew when a stream comes or goes and with each credit, not with each item.
     */
    private void updateWindow() {
        int shared = CREDIT_SHARE * options.streamCredit() / Math.max(CREDIT_SHARE, byId.size());
        long fitting = options.streamBytes() / Math.max(1L, (itemBytes >> ITEM_BYTES_SHIFT) * Math.max(1, byId.size()));
        int allowed = Math.min(options.streamCredit(), Math.max(LEAST_CREDIT, shared));
        window = (int) Math.max(1, Math.min(allowed, fitting));
    }

    /** An item has arrived: its size moves the average by a sixteenth. */
    void received(Packet item) {
        itemBytes += item.lengthBytes() - (itemBytes >> ITEM_BYTES_SHIFT);
    }

    void credit(Stream stream, int more) {
        stream.outbound.encodeControl(Frames.CREDIT, stream.id, more);
        updateWindow();
        if (more > window() >> 2) {
            stream.outbound.flush(); // the peer may stand still; not at the end of this burst of reads
        } else {
            stream.outbound.flushSoon();
        }
    }

    /** The subscriber wants no more; a stream that this side opened ends with that. */
    void receiverCancelled(Stream stream) {
        if (!stream.receiving) {
            return;
        }
        stream.receiving = false;
        sendControl(stream, Frames.CANCEL);
        if (stream.opened && stream.sender != null) {
            cancelled(stream);
            sendError(stream, Frames.ERROR, PeerException.CANCELLED, "cancelled");
        }
        forgetIfEnded(stream);
    }

    /** The publisher has ended and all its items are encoded. */
    void senderEnded(Stream stream, @Nullable Throwable error) {
        if (stream.sender == null) {
            return;
        }
        stream.sender = null;
        if (error == null) {
            sendControl(stream, Frames.COMPLETE);
        } else {
            if (!stream.opened && !(error instanceof TransportException)) {
                log.warn("{}: a stream handler failed", session, error);
            }
            int code = error instanceof PeerException typed
                    ? typed.code()
                    : error instanceof LimitException ? PeerException.ITEM_TOO_LARGE : PeerException.APPLICATION;
            sendError(stream, Frames.ERROR, code, String.valueOf(error.getMessage()));
            receiverDone(stream, error);
        }
        if (stream.receiving && !stream.opened && stream.receiver == null) {
            stream.itemsTaken = true; // nobody will ask for them any more
            stream.receiving = false;
            sendControl(stream, Frames.CANCEL);
        }
        forgetIfEnded(stream);
    }

    private static void sendControl(Stream stream, int type) {
        stream.outbound.encodeControl(type, stream.id, -1);
        stream.outbound.flushSoon();
    }

    private static void sendError(Stream stream, int type, int code, String message) {
        stream.outbound.encodeError(type, stream.id, code, message);
        stream.outbound.flushSoon();
    }

    // ---- event loop: the end ----

    boolean isEmpty() {
        return byId.isEmpty();
    }

    int count() {
        return byId.size();
    }

    /** The connection is gone. Senders learn it from their outbound. */
    void failAll(Supplier<Throwable> lost) {
        for (Stream stream : new ArrayList<>(byId.values())) {
            byId.remove(stream.id);
            if (stream.receiving) {
                stream.receiving = false;
                Throwable error = lost.get();
                stream.peerError = error;
                if (stream.receiver != null) {
                    stream.receiver.end(error);
                }
            }
        }
    }
}
