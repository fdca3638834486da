package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.spi.SocketSettings;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCounted;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a session: packets of all threads go into one buffer, the batch, which is written and flushed as a
 * whole.
 *
 * <pre>
 *   offer, request ---- other thread ----> arrivals --+
 *   send(publisher) --- other thread ----> its queue -+--> encode --> batch --> socket
 *   any of them ------- event loop -------------------+
 * </pre>
 *
 * <p>A batch is flushed when it is full, at the end of a burst of reads, at the end of a run of this class, or, for what
 * is encoded outside of these, in a task of its own. When the socket has no room nothing is encoded any more: packets
 * wait where they are, which their bounds allow for, and publishers are not asked.
 */
final class Outbound implements Runnable {

    /** A batch is flushed when it has reached this. */
    private static final int BATCH_BYTES = 64 * 1024;

    private static final int FIRST_BATCH_BYTES = SmallBatch.BYTES;
    /** A full batch is flushed from here on; less waits for more. */
    private static final int FLUSH_BYTES = 32 * 1024;
    /** Payloads from here on that lie in direct memory are written as they are. */
    private static final int GATHER_BYTES = 8 * 1024;
    /** What one connection may write in a row before others of its event loop have a turn. */
    private static final int TURN_BYTES = 1 << 20;
    /** How many packets of one sender, or of those that were offered, are encoded before others have a turn. */
    private static final int TURN_PACKETS = 64;

    private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);

    private static final int TYPE_OFFSET = 2;
    private static final int FLAGS_OFFSET = 14;
    private static final int MAX_ERROR_CHARS = 1024;

    private final ChannelSession session;
    private final ChannelHandlerContext ctx;
    private final Channel channel;
    private final EventLoop loop;
    private final Framing framing;
    private final PendingRequests pending;
    private final int maxPayload;
    /** Whether there is more in a frame than its packet. */
    private final boolean framed;
    /** Whether a packet is masked when it is written. */
    private final boolean masked;
    /** Whether the channel has no write buffer, and with it no water marks (QUIC streams). */
    private final boolean countsUnwritten;

    /** How long what is encoded may wait for more; 0 for not at all. */
    private long writeDelayNanos;
    /** Packets that are flushed without waiting. */
    private int fullBatch;

    /** {@link Packet} or {@link PendingRequest} of other threads; its room is given back when they are encoded. */
    private final Arrivals arrivals = new Arrivals();

    // Event loop only.
    private final ArrayDeque<Object> waiting = new ArrayDeque<>(0);
    /** Those of them with high priority. */
    private final ArrayDeque<Object> urgent = new ArrayDeque<>(0);

    private final List<Sender> senders = new ArrayList<>(1);
    private int urgentSenders;
    /** Bytes of answers that were written since the socket last had room. */
    private long answersBehind;
    /** The sender whose turn is next; kept, so that a socket that is soon full does not favour the first. */
    private int turn;
    /** Whether the last turn was that of what waits, and not of a sender. */
    private boolean offersHadTurn;

    private final SmallBatch smallBatch = SmallBatch.current();

    /** The batch; stays when it was the small one, which is the same next time. */
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;

    private ByteBuffer bytes = NO_BYTES;
    private int length;
    /** 0 when there is no batch. */
    private int capacity;

    private int packets;
    /** Whose packets the last ones of the batch are, from which one on, and those before. */
    private @Nullable SendSubscriber owner;

    private int ownerFrom;
    private @Nullable Batch shares;
    private int batchBytes = FIRST_BATCH_BYTES;
    private int flushPackets;
    private int unflushedBytes;
    private long turnBytes;
    /** Written and not taken yet, where the channel itself does not count that. */
    private long unwrittenBytes;
    /** Whether the socket takes more, it is this connection's turn, and it has not ended. */
    private boolean encoding;

    private boolean turnOver;
    private int nesting;
    private boolean flushScheduled;
    private boolean ended;
    long packetsSent;
    long bytesSent;
    long writes;
    private long packetsLost;

    /** To be made on the event loop, whose small batch it uses. */
    Outbound(ChannelSession session, ChannelHandlerContext ctx, Framing framing, PendingRequests pending) {
        this.session = session;
        this.ctx = ctx;
        this.channel = ctx.channel();
        this.loop = channel.eventLoop();
        this.framing = framing;
        this.pending = pending;
        this.maxPayload = framing.maxPayload();
        this.framed = framing.addsBytes();
        this.masked = framing.masksPackets();
        this.countsUnwritten = channel.unsafe().outboundBuffer() == null;
        delayWrites();
        updateEncoding();
    }

    // ---- any thread ----

    boolean inEventLoop() {
        return loop.inEventLoop();
    }

    SessionOptions options() {
        return session.options();
    }

    EventLoop loop() {
        return loop;
    }

    Framing framing() {
        return framing;
    }

    ByteBufAllocator alloc() {
        return ctx.alloc();
    }

    /** What is wrong with the size of a packet, or {@code null}. */
    @Nullable
    LimitException sizeError(Packet packet) {
        int payload = packet.payloadLength();
        return payload <= maxPayload
                ? null
                : LimitException.tooLarge("payload of a packet to send", "maxPayload", maxPayload, payload);
    }

    void checkSize(Packet packet) {
        LimitException error = sizeError(packet);
        if (error != null) {
            throw error;
        }
    }

    OfferResult offer(Packet packet) {
        if (!session.isOpen()) {
            return OfferResult.CLOSED;
        }
        checkSize(packet);
        if (loop.inEventLoop() && arrivals.isEmpty() && canEncode()) {
            encode(packet, null);
            flushSoon();
            return OfferResult.ACCEPTED;
        }
        if (!reserve(packet)) {
            return OfferResult.FULL;
        }
        arrive(packet.isBorrowed() ? keep(packet) : packet);
        return OfferResult.ACCEPTED;
    }

    /** Sends a request that has its place in the pending table. */
    void request(PendingRequest request) {
        if (!session.isOpen()) {
            pending.release();
            request.packet.release();
            request.fail(session.lost("request on a closed session"));
        } else if (loop.inEventLoop() && arrivals.isEmpty() && canEncode()) {
            encodeRequest(request);
            flushSoon();
        } else if (reserve(request.packet)) {
            arrive(request);
        } else {
            pending.release();
            request.packet.release();
            request.fail(fullError());
        }
    }

    private LimitException fullError() {
        int packets = arrivals.packets();
        return packets >= options().outboundPackets()
                ? new LimitException(
                        "packets that wait for the socket",
                        "outboundPackets",
                        options().outboundPackets(),
                        packets + 1L)
                : new LimitException(
                        "bytes that wait for the socket",
                        "outboundBytes",
                        options().outboundBytes(),
                        arrivals.bytes());
    }

    private boolean reserve(Packet packet) {
        return arrivals.reserve(packet, options().outboundPackets(), options().outboundBytes());
    }

    private void arrive(Object packetOrRequest) {
        if (arrivals.add(packetOrRequest)) {
            execute(this);
        }
    }

    /** A packet that stays valid after {@code onNext}: small ones are copied, large ones hold their buffer. */
    static Packet keep(Packet borrowed) {
        return borrowed.lengthBytes() < GATHER_BYTES ? borrowed.compact() : borrowed.retain();
    }

    /** Starts a sender: asks its publisher on the event loop. */
    void start(Sender sender) {
        if (loop.inEventLoop()) {
            register(sender);
        } else {
            execute(() -> register(sender));
        }
    }

    /** Makes sure that a run follows. */
    void wake() {
        if (arrivals.wake()) {
            execute(this);
        }
    }

    private void execute(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException loopIsGone) {
            session.loopIsGone(loopIsGone);
        }
    }

    long queuedBytes() {
        return arrivals.bytes()
                + length
                + (countsUnwritten ? unwrittenBytes : Math.max(0, channel.bytesBeforeWritable()));
    }

    boolean hasRoom() {
        return arrivals.hasRoom(options().outboundPackets(), options().outboundBytes()) && session.isOpen();
    }

    // ---- event loop ----

    /** Takes the delay and the batch from the options, at the beginning and when they have changed. */
    void delayWrites() {
        writeDelayNanos = options().writeDelay().toNanos();
        fullBatch = writeDelayNanos == 0 ? Integer.MAX_VALUE : options().writeBatch();
        flushPackets = fullBatch;
    }

    /** Whether the socket takes more and it is this connection's turn. */
    boolean canEncode() {
        return encoding;
    }

    boolean isEnded() {
        return ended;
    }

    private void updateEncoding() {
        encoding = !turnOver && !ended && socketHasRoom();
    }

    boolean socketHasRoom() {
        return countsUnwritten ? unwrittenBytes < channel.config().getWriteBufferHighWaterMark() : channel.isWritable();
    }

    /** Begins a stretch of work at whose end there is one flush. */
    void enter() {
        nesting++;
    }

    /** Ends a stretch of work. */
    void exit() {
        if (--nesting == 0) {
            if (writeDelayNanos > 0 && session.isOpen()) {
                flushSoon();
            } else {
                flush();
            }
            session.workDone();
        }
    }

    /** From now on so many packets are flushed without waiting for the end of this stretch of work. */
    void flushAfter(int packets) {
        flushPackets = Math.min(packets, fullBatch);
    }

    private void register(Sender sender) {
        if (!session.isOpen()) {
            sender.fail(session.lost("send on a closed session"));
            return;
        }
        senders.add(sender);
        if (sender.urgent) {
            urgentSenders++;
        }
        enter();
        sender.registered();
        exit();
    }

    @Override
    public void run() {
        arrivals.beginRun();
        turnOver = false;
        turnBytes = 0;
        updateEncoding();
        if (ended) {
            discardArrivals();
            return;
        }
        enter();
        moveArrivals();
        encodeInTurns();
        endSenders();
        exit();
    }

    /** The socket has room again, or has none. */
    void writabilityChanged() {
        updateEncoding();
        if (nesting == 0 && socketHasRoom()) {
            run();
        }
    }

    private void moveArrivals() {
        long done = 0;
        for (Object next = arrivals.poll(); next != null; next = arrivals.poll()) {
            // Requests get their deadline here, so that it holds while the socket takes nothing.
            if (next instanceof PendingRequest request && !accept(request)) {
                done += Arrivals.cost(request.packet);
                request.packet.release();
            } else if (canEncode() && waiting.isEmpty() && senders.isEmpty()) {
                done += cost(next);
                encodeNext(next);
            } else if (packet(next).hasFlag(Packet.FLAG_HIGH_PRIORITY)) {
                urgent.add(next);
            } else {
                waiting.add(next);
            }
        }
        freed(done);
    }

    /** Encodes until the socket is full or nothing is left: what is urgent first, all others by turns. */
    private void encodeInTurns() {
        encode(urgent, Integer.MAX_VALUE);
        int idle = 0;
        while (canEncode() && idle <= senders.size()) {
            boolean more = drainUrgentSenders();
            offersHadTurn = !waiting.isEmpty() && (senders.isEmpty() || !offersHadTurn);
            if (offersHadTurn) {
                more |= encode(waiting, TURN_PACKETS);
            } else if (!senders.isEmpty()) {
                turn = turn >= senders.size() ? 0 : turn;
                Sender sender = senders.get(turn++);
                more |= !sender.urgent && drain(sender);
            }
            idle = more ? 0 : idle + 1;
        }
    }

    private boolean drainUrgentSenders() {
        boolean more = false;
        for (int i = 0; urgentSenders > 0 && i < senders.size(); i++) {
            Sender sender = senders.get(i);
            more |= sender.urgent && drain(sender);
        }
        return more;
    }

    private static boolean drain(Sender sender) {
        boolean more = sender.drain(TURN_PACKETS);
        sender.replenish();
        return more;
    }

    /** Encodes some of a queue; false when none is left. */
    private boolean encode(ArrayDeque<Object> queue, int max) {
        long done = 0;
        for (int i = 0; i < max && canEncode() && !queue.isEmpty(); i++) {
            Object next = queue.remove();
            done += cost(next);
            encodeNext(next);
        }
        freed(done);
        return !queue.isEmpty();
    }

    private void freed(long done) {
        if (done != 0) {
            arrivals.release(done);
            session.roomChanged();
        }
    }

    private static long cost(Object next) {
        return Arrivals.cost(packet(next));
    }

    private static Packet packet(Object next) {
        return next instanceof PendingRequest request ? request.packet : (Packet) next;
    }

    private void encodeNext(Object next) {
        if (next instanceof Packet packet) {
            encode(packet, null);
        } else if (next instanceof PendingRequest request) {
            if (request.isDone()) {
                request.packet.release();
            } else {
                encode(request);
            }
        }
    }

    private void encode(PendingRequest request) {
        request.sent = true;
        byte[] metadata = request.metadata;
        if (metadata == null) {
            encode(request.packet.withType(PacketType.REQUEST), request.id, null);
        } else {
            byte[] ext = MetadataBlock.before(request.packet, metadata);
            encodeFrame(request.packet.withExtHeader(ext), Frames.REQUEST, request.id, 0);
        }
    }

    /** Tells a peer that knows what it means that nobody waits for the answer to a request. */
    void encodeCancel(int id) {
        if (session.isExtended() && !ended) {
            encodeControl(Frames.REQUEST_CANCEL, id, -1);
            flushSoon();
        }
    }

    private void encodeRequest(PendingRequest request) {
        if (accept(request)) {
            encode(request);
        } else {
            request.packet.release();
        }
    }

    private boolean accept(PendingRequest request) {
        if (request.isDone()) {
            pending.release();
            return false;
        }
        return pending.register(request);
    }

    /** A sender goes before others from here on. */
    void markUrgent(Sender sender) {
        if (!sender.urgent) {
            sender.urgent = true;
            urgentSenders += senders.contains(sender) ? 1 : 0;
        }
    }

    private void endSenders() {
        for (int i = senders.size() - 1; i >= 0; i--) {
            if (i < senders.size() && senders.get(i).endIfDone()) {
                urgentSenders -= senders.remove(i).urgent ? 1 : 0;
                turn -= i < turn ? 1 : 0;
            }
        }
    }

    void encode(Packet packet, @Nullable SendSubscriber sender) {
        encode(packet, idOf(packet), sender);
    }

    // The path of every packet: place, write, placed. HotSpot leaves out of its callers what has been compiled to
    // more than 2,500 bytes (InlineSmallCode), as all three together are, and then a packet that is made only to be
    // sent must exist. Each part is less, with what is rare in methods of their own; so a loop that calls the parts
    // has them compiled in. They are called from where packets come in, as HotSpot follows calls fifteen levels deep
    // (MaxInlineLevel), and operators between receive() and send() take some of them.
    private void encode(Packet packet, int id, @Nullable SendSubscriber sender) {
        int packetIndex = place(packet, id, sender);
        if (packetIndex >= 0) {
            write(packet, packetIndex, id);
            placed(packet, packetIndex, id, sender);
        }
    }

    /** The id that a packet is sent with. */
    int idOf(Packet packet) {
        return packet.hasMessageId() ? (int) packet.messageId() : pending.nextId();
    }

    /** Makes room for a packet, and gives its index; -1 when it was gathered and is done. */
    int place(Packet packet, int id, @Nullable SendSubscriber sender) {
        int packetLength = (int) packet.lengthBytes();
        if (packetLength >= GATHER_BYTES && gather(packet, id, packetLength, sender)) {
            return -1;
        }
        return beginFrame(packetLength);
    }

    /** Writes a packet where room was made for it. */
    void write(Packet packet, int packetIndex, int id) {
        if (masked) {
            packet.writeMaskedTo(bytes, packetIndex, id, framing.maskingKey());
        } else {
            packet.writeTo(bytes, packetIndex, id);
        }
    }

    /** The packet was written at its index: ends its frame, gives it back, and flushes when enough has gathered. */
    void placed(Packet packet, int packetIndex, int id, @Nullable SendSubscriber sender) {
        int packetLength = (int) packet.lengthBytes();
        if (framed && !masked) {
            framing.finish(bytes, length, packetIndex, packetLength);
        }
        length = packetIndex + packetLength;
        if (packet.isResponse()) {
            session.peerRequests().answered(id);
        }
        packet.release();
        if (sender != owner) {
            changeOwner(sender);
        }
        if (++packets >= flushPackets) {
            flush();
        }
    }

    /** Encodes a packet as a frame of the wire extensions, with flags beside its own. */
    void encodeFrame(Packet packet, int type, int id, int flags) {
        int packetLength = (int) packet.lengthBytes();
        int packetIndex = beginFrame(packetLength);
        packet.writeTo(bytes, packetIndex, id);
        bytes.put(packetIndex + TYPE_OFFSET, (byte) type);
        if (type != Frames.REQUEST) {
            bytes.putShort(packetIndex + FLAGS_OFFSET, (short) ((packet.flags() & ~Frames.FLAGS) | flags));
        }
        endFrame(packetIndex, packetLength);
        packet.release();
    }

    /** Encodes a part of an item's payload, the first one with the item's extension header; the packet stays its owner's. */
    void encodeFragment(Packet packet, int id, int from, int length, int flags) {
        int extLength = from == 0 ? packet.extHeaderLength() : 0;
        int packetLength = Packet.HEADER_BYTES + extLength + length;
        int packetIndex = beginFrame(packetLength);
        if (from == 0) {
            packet.writeHeadersTo(bytes, packetIndex, id);
        } else {
            bytes.putLong(packetIndex, packet.headWord(id));
        }
        bytes.put(packetIndex + TYPE_OFFSET, (byte) Frames.ITEM);
        bytes.putLong(
                packetIndex + 8,
                ((long) extLength << 48)
                        | ((long) length << 16)
                        | (((packet.flags() & ~Frames.FLAGS) | flags) & 0xFFFFL));
        packet.writePayloadTo(bytes, packetIndex + Packet.HEADER_BYTES + extLength, from, length);
        endFrame(packetIndex, packetLength);
    }

    /** Encodes a frame without a payload, or with a number as payload. */
    void encodeControl(int type, int id, int number) {
        int payload = number < 0 ? 0 : Frames.CREDIT_BYTES;
        int packetIndex = beginFrame(Packet.HEADER_BYTES + payload);
        writeHeader(packetIndex, type, id, payload);
        if (payload > 0) {
            bytes.putInt(packetIndex + Packet.HEADER_BYTES, number);
        }
        endFrame(packetIndex, Packet.HEADER_BYTES + payload);
    }

    /** Encodes an error as a code and a message, which is cut when it is long. */
    void encodeError(int type, int id, int code, String message) {
        answering(Packet.HEADER_BYTES + message.length());
        byte[] text = message.substring(0, Math.min(message.length(), MAX_ERROR_CHARS))
                .getBytes(StandardCharsets.UTF_8);
        int payload = Integer.BYTES + text.length;
        int packetIndex = beginFrame(Packet.HEADER_BYTES + payload);
        writeHeader(packetIndex, type, id, payload);
        bytes.putInt(packetIndex + Packet.HEADER_BYTES, code);
        bytes.put(packetIndex + Packet.HEADER_BYTES + Integer.BYTES, text);
        endFrame(packetIndex, Packet.HEADER_BYTES + payload);
    }

    private void writeHeader(int index, int type, int id, int payload) {
        bytes.putLong(index, ((long) Packet.VERSION << 56) | ((long) type << 40) | (id & 0xFFFFFFFFL));
        bytes.putLong(index + 8, (long) payload << 16);
    }

    private int beginFrame(int packetLength) {
        int prefixLength = framed ? framing.prefixLength(packetLength) : 0;
        if (prefixLength + packetLength > capacity - length) {
            makeRoom(prefixLength + packetLength);
        }
        if (framed) {
            framing.writePrefix(bytes, length, packetLength);
        }
        return length + prefixLength;
    }

    private void endFrame(int packetIndex, int packetLength) {
        framing.finish(bytes, length, packetIndex, packetLength);
        length = packetIndex + packetLength;
        if (owner != null) {
            changeOwner(null);
        }
        if (++packets >= flushPackets) {
            flush();
        }
    }

    /** Headers into the batch, and a large payload in direct memory behind it as it is; false for other payloads. */
    private boolean gather(Packet packet, int id, int packetLength, @Nullable SendSubscriber sender) {
        if (packet.payloadLength() < GATHER_BYTES || framing.transformsBytes()) {
            return false;
        }
        ByteBuf payload = packet.retainedPayload();
        if (payload == null) {
            return false;
        }
        int prefixLength = framing.prefixLength(packetLength);
        int headers = prefixLength + packetLength - packet.payloadLength();
        if (headers > capacity - length) {
            makeRoom(headers);
        }
        framing.writePrefix(bytes, length, packetLength);
        packet.writeHeadersTo(bytes, length + prefixLength, id);
        length += headers;
        writeBatch();
        if (packet.isResponse()) {
            session.peerRequests().answered(id);
        }
        packet.release();
        written(payload, new Batch(this, sender, 1, null));
        if (unflushedBytes >= BATCH_BYTES) {
            flush();
        }
        return true;
    }

    /** Another sender's packets follow in this batch. */
    private void changeOwner(@Nullable SendSubscriber sender) {
        if (packets > ownerFrom) {
            shares = new Batch(this, owner, packets - ownerFrom, shares);
        }
        owner = sender;
        ownerFrom = packets;
    }

    /** A buffer with room for so many bytes, after what the present one holds was written. */
    @SuppressWarnings("ReferenceEquality") // other buffers may have the same bytes
    private void makeRoom(int needed) {
        if (capacity > 0) {
            if (batchBytes < BATCH_BYTES) {
                batchBytes = Math.min(BATCH_BYTES, batchBytes * 4);
            }
            writeBatch();
            if (unflushedBytes >= FLUSH_BYTES) {
                flush();
            }
        }
        int size = Math.max(needed, batchBytes);
        if (size == SmallBatch.BYTES && smallBatch.take(ctx.alloc())) {
            capacity = SmallBatch.BYTES;
            if (bytes != smallBatch.bytes()) { // mostly it is the same; a store is what the class is to avoid
                buffer = smallBatch.buffer();
                bytes = smallBatch.bytes();
            }
            return;
        }
        ByteBuf fresh = ctx.alloc().directBuffer(size);
        buffer = fresh;
        capacity = fresh.capacity();
        bytes = fresh.internalNioBuffer(0, capacity).slice();
    }

    @SuppressWarnings("ReferenceEquality") // other buffers may have the same bytes
    private void writeBatch() {
        if (capacity == 0) {
            return;
        }
        ByteBuf full = buffer;
        Batch batch = packets > ownerFrom ? new Batch(this, owner, packets - ownerFrom, shares) : shares;
        full.writerIndex(length);
        if (full == smallBatch.buffer()) {
            smallBatch.give();
        } else {
            buffer = Unpooled.EMPTY_BUFFER;
            bytes = NO_BYTES;
        }
        capacity = 0;
        length = 0;
        packets = 0;
        ownerFrom = 0;
        shares = null;
        written(full, batch);
    }

    /** Whether its socket may be given bytes in files; not for good, as handlers come and go. */
    boolean takesFiles() {
        return SocketSettings.takesFiles(ctx);
    }

    private void written(ByteBuf frames, @Nullable Batch batch) {
        written(frames, frames.readableBytes(), batch);
    }

    private void written(ReferenceCounted frames, int frameBytes, @Nullable Batch batch) {
        unflushedBytes += frameBytes;
        turnBytes += frameBytes;
        bytesSent += frameBytes;
        ChannelFuture write = ctx.write(frames);
        if (countsUnwritten) {
            unwrittenBytes += frameBytes;
            write.addListener(taken -> taken(frameBytes));
        }
        if (batch != null) {
            packetsSent += batch.packets();
            write.addListener(batch);
        }
    }

    /** A channel that does not count them took so many bytes. */
    private void taken(int frameBytes) {
        unwrittenBytes -= frameBytes;
        if (!encoding && unwrittenBytes <= channel.config().getWriteBufferLowWaterMark()) {
            wake();
        }
    }

    /** Writes frames whose bytes other sessions get too, from one index to before another, behind what was encoded before. */
    void writeShared(FrameBatch.Frames frames, int from, int to, int count) {
        writeBatch();
        written(frames.message(from, to, this), to - from, new Batch(this, null, count, null));
        if (nesting == 0) {
            flush();
        }
    }

    /**
     * Answers to what a peer sends are written whether the socket has room or not, so a peer that makes us answer and does not read is
     * stopped here: it is closed when more of them wait than {@code outboundBytes}.
     */
    private void answering(int length) {
        if (socketHasRoom()) {
            answersBehind = 0;
            return;
        }
        boolean within = answersBehind <= options().outboundBytes();
        answersBehind += length;
        if (within && answersBehind > options().outboundBytes()) {
            loop.execute(() -> session.excess("the peer does not read the answers that it causes: " + answersBehind
                    + " bytes of them wait (option outboundBytes)"));
        }
    }

    /** Writes a frame of the wire extensions that must not wait behind packets which are not encoded yet, and is no packet. */
    void writeFrameNow(Packet packet, int type) {
        answering((int) packet.lengthBytes());
        writeBatch();
        encodeFrame(packet, type, 0, 0);
        packets = 0;
        flush();
    }

    /** Writes a frame that must not wait behind packets which are not encoded yet. */
    void writeNow(ByteBuf frame) {
        answering(frame.readableBytes());
        writeBatch();
        unflushedBytes += frame.readableBytes();
        var unused = ctx.write(frame);
        flush();
    }

    /** Flushes what was encoded at the end of this stretch of work, or in a task when there is none; after the delay if there is one. */
    void flushSoon() {
        if (nesting == 0 && !flushScheduled) {
            if (writeDelayNanos == 0) {
                flushScheduled = true;
                loop.execute(this::flushNow);
            } else if (length > 0 || unflushedBytes > 0) {
                flushScheduled = true;
                var unused = loop.schedule(this::flushNow, writeDelayNanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    private void flushNow() {
        flushScheduled = false;
        flush();
        session.workDone(); // a close may wait for what was delayed
    }

    void flush() {
        if (capacity > 0 && length < capacity >> 2 && batchBytes > FIRST_BATCH_BYTES) {
            batchBytes >>= 1;
        }
        writeBatch();
        if (unflushedBytes > 0) {
            unflushedBytes = 0;
            writes++;
            ctx.flush();
            if (turnBytes >= TURN_BYTES && !turnOver) {
                turnOver = true;
                wake();
            }
            updateEncoding();
        }
    }

    /** Whether everything that was accepted is in the socket's buffer. */
    boolean isDrained() {
        if (!arrivals.isEmpty() || length != 0) {
            return false;
        }
        for (Sender sender : senders) {
            if (!sender.queueIsEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** Ends this side of a lane, behind what was written. */
    void endOutput() {
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            }
        });
    }

    /** No more is taken from publishers; what they emitted is still written. */
    void stopSenders() {
        for (Sender sender : List.copyOf(senders)) {
            sender.stop(session.lost("the session was closed during send"));
        }
    }

    /** The connection is gone. */
    void end(ConnectionLostException lost) {
        ended = true;
        updateEncoding();
        writeBatch(); // fails the batch, whose listeners count what is lost
        for (Sender sender : List.copyOf(senders)) {
            sender.fail(lost);
        }
        senders.clear();
        urgentSenders = 0;
        discardArrivals();
    }

    private void discardArrivals() {
        long done = 0;
        for (Object next = arrivals.poll(); next != null; next = arrivals.poll()) {
            if (next instanceof PendingRequest request) {
                pending.release();
                request.fail(session.lost("the connection ended before the request was sent"));
            }
            waiting.add(next);
        }
        waiting.addAll(urgent);
        urgent.clear();
        for (Object next = waiting.poll(); next != null; next = waiting.poll()) {
            done += cost(next);
            packet(next).release();
            lost(1);
        }
        arrivals.release(done);
    }

    void lost(long packets) {
        packetsLost += packets;
    }

    long packetsLost() {
        return packetsLost;
    }
}
