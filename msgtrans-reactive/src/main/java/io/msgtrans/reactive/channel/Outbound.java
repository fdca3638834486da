package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jctools.queues.MpscUnboundedArrayQueue;
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

    private static final int FIRST_BATCH_BYTES = 1024;
    /** Payloads from here on that lie in direct memory are written as they are. */
    private static final int GATHER_BYTES = 8 * 1024;
    /** What one connection may write in a row before others of its event loop have a turn. */
    private static final int TURN_BYTES = 1 << 20;
    /** How many packets of one sender are encoded before the next sender has a turn. */
    private static final int SENDER_TURN = 64;
    /** With one busy connection on the event loop, replies are flushed so often instead of at the end of a burst. */
    private static final int EAGER_FLUSH_PACKETS = 32;

    private static final long LOAD_PACKET = 1L << 40;
    private static final long LOAD_BYTES = LOAD_PACKET - 1;

    private final ChannelSession session;
    private final ChannelHandlerContext ctx;
    private final Channel channel;
    private final EventLoop loop;
    private final Framing framing;
    private final PendingRequests pending;
    private final int maxPayload;

    /** Packets (upper 24 bits) and bytes (lower 40 bits) that wait in arrivals and waiting. */
    private volatile long load;

    private static final AtomicLongFieldUpdater<Outbound> LOAD =
            AtomicLongFieldUpdater.newUpdater(Outbound.class, "load");

    /** 1 while a run is scheduled, so that many offers wake the event loop once. */
    private volatile int scheduled;

    private static final AtomicIntegerFieldUpdater<Outbound> SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(Outbound.class, "scheduled");

    /** {@link Packet} or {@link PendingRequest}; made when the first one comes from another thread. */
    private volatile @Nullable MpscUnboundedArrayQueue<Object> arrivals;

    // Event loop only.
    private final ArrayDeque<Object> waiting = new ArrayDeque<>(0);
    private final List<SendSubscriber> senders = new ArrayList<>(1);
    private @Nullable ByteBuf buffer;
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private int length;
    private @Nullable Batch batch;
    private int batchBytes = FIRST_BATCH_BYTES;
    private int unflushedBytes;
    private int unflushedPackets;
    private long turnBytes;
    private boolean writable;
    private boolean turnOver;
    private int nesting;
    private boolean flushScheduled;
    private boolean eager;
    private boolean ended;
    long packetsSent;
    long bytesSent;
    private long packetsLost;

    Outbound(ChannelSession session, ChannelHandlerContext ctx, Framing framing, PendingRequests pending) {
        this.session = session;
        this.ctx = ctx;
        this.channel = ctx.channel();
        this.loop = channel.eventLoop();
        this.framing = framing;
        this.pending = pending;
        this.maxPayload = framing.maxPayload();
        this.writable = channel.isWritable();
    }

    // ---- any thread ----

    boolean inEventLoop() {
        return loop.inEventLoop();
    }

    SessionOptions options() {
        return session.options();
    }

    /** What is wrong with the size of a packet, or {@code null}. */
    @Nullable
    LimitException sizeError(Packet packet) {
        int payload = packet.payloadLength();
        return payload <= maxPayload
                ? null
                : new LimitException("payload of a packet to send", "maxPayload", maxPayload, payload);
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
        if (loop.inEventLoop() && load == 0 && canEncode()) {
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
        } else if (loop.inEventLoop() && load == 0 && canEncode()) {
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
        long now = load;
        int packets = (int) (now / LOAD_PACKET);
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
                        now & LOAD_BYTES);
    }

    private boolean reserve(Packet packet) {
        long cost = LOAD_PACKET + packet.lengthBytes();
        long before = LOAD.getAndAdd(this, cost);
        if (before / LOAD_PACKET < options().outboundPackets()
                && ((before & LOAD_BYTES) == 0
                        || ((before + cost) & LOAD_BYTES) <= options().outboundBytes())) {
            return true;
        }
        LOAD.getAndAdd(this, -cost);
        return false;
    }

    private void arrive(Object packetOrRequest) {
        MpscUnboundedArrayQueue<Object> queue = arrivals;
        if (queue == null) {
            synchronized (this) {
                queue = arrivals;
                if (queue == null) {
                    queue = new MpscUnboundedArrayQueue<>(64);
                    arrivals = queue;
                }
            }
        }
        queue.offer(packetOrRequest);
        wake();
    }

    /** A packet that stays valid after {@code onNext}: small ones are copied, large ones hold their buffer. */
    static Packet keep(Packet borrowed) {
        return borrowed.lengthBytes() < GATHER_BYTES ? borrowed.compact() : borrowed.retain();
    }

    /** Starts a sender: asks its publisher on the event loop. */
    void start(SendSubscriber sender) {
        if (loop.inEventLoop()) {
            register(sender);
        } else {
            execute(() -> register(sender));
        }
    }

    /** Makes sure that a run follows. */
    void wake() {
        if (scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1)) {
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
        return (load & LOAD_BYTES) + length + Math.max(0, channel.bytesBeforeWritable());
    }

    boolean hasRoom() {
        long now = load;
        return now / LOAD_PACKET < options().outboundPackets()
                && (now & LOAD_BYTES) < options().outboundBytes()
                && session.isOpen();
    }

    // ---- event loop ----

    /** Whether the socket takes more and it is this connection's turn. */
    boolean canEncode() {
        return writable && !turnOver && !ended;
    }

    /** Begins a stretch of work at whose end there is one flush. */
    void enter() {
        nesting++;
    }

    /** Ends a stretch of work. */
    void exit() {
        if (--nesting == 0) {
            flush();
            session.workDone();
        }
    }

    /** Whether replies should leave in small groups, because this is the only busy connection of its event loop. */
    void eager(boolean eager) {
        this.eager = eager;
    }

    private void register(SendSubscriber sender) {
        if (!session.isOpen()) {
            sender.fail(session.lost("send on a closed session"));
            return;
        }
        senders.add(sender);
        enter();
        sender.registered();
        exit();
    }

    @Override
    public void run() {
        scheduled = 0;
        turnOver = false;
        turnBytes = 0;
        if (ended) {
            discardArrivals();
            return;
        }
        enter();
        moveArrivals();
        encodeWaiting();
        drainSenders();
        exit();
    }

    /** The socket has room again, or has none. */
    void writabilityChanged() {
        writable = channel.isWritable();
        if (writable && nesting == 0) {
            run();
        }
    }

    private void moveArrivals() {
        MpscUnboundedArrayQueue<Object> queue = arrivals;
        if (queue == null) {
            return;
        }
        long done = 0;
        for (Object next = queue.poll(); next != null; next = queue.poll()) {
            // Requests get their deadline here, so that it holds while the socket takes nothing.
            if (next instanceof PendingRequest request && !accept(request)) {
                done += cost(request.packet);
                request.packet.release();
            } else if (waiting.isEmpty() && canEncode()) {
                done += cost(next);
                encodeNext(next);
            } else {
                waiting.add(next);
            }
        }
        freed(done);
    }

    private void encodeWaiting() {
        long done = 0;
        while (canEncode() && !waiting.isEmpty()) {
            Object next = waiting.remove();
            done += cost(next);
            encodeNext(next);
        }
        freed(done);
    }

    private void freed(long done) {
        if (done != 0) {
            LOAD.getAndAdd(this, -done);
            session.roomChanged();
        }
    }

    private static long cost(Object next) {
        return LOAD_PACKET + (next instanceof PendingRequest request ? request.packet : (Packet) next).lengthBytes();
    }

    private void encodeNext(Object next) {
        if (next instanceof Packet packet) {
            encode(packet, null);
        } else if (next instanceof PendingRequest request) {
            if (request.isDone()) {
                request.packet.release();
            } else {
                encode(request.packet, PacketType.REQUEST, request.id, null);
            }
        }
    }

    private void encodeRequest(PendingRequest request) {
        if (accept(request)) {
            encode(request.packet, PacketType.REQUEST, request.id, null);
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

    private void drainSenders() {
        boolean more = true;
        while (more && canEncode()) {
            more = false;
            for (int i = 0; i < senders.size(); i++) {
                SendSubscriber sender = senders.get(i);
                more |= sender.drain(SENDER_TURN);
                sender.replenish();
            }
        }
        for (int i = senders.size() - 1; i >= 0; i--) {
            if (i < senders.size() && senders.get(i).endIfDone()) {
                senders.remove(i);
            }
        }
    }

    void encode(Packet packet, @Nullable SendSubscriber sender) {
        int id = packet.hasMessageId() ? (int) packet.messageId() : pending.nextId();
        encode(packet, packet.type(), id, sender);
    }

    private void encode(Packet packet, PacketType type, int id, @Nullable SendSubscriber sender) {
        int packetLength = (int) packet.lengthBytes();
        int prefixLength = framing.prefixLength(packetLength);
        Packet typed = packet.type() == type ? packet : packet.withType(type);
        packetsSent++;
        bytesSent += prefixLength + packetLength;
        if (type == PacketType.RESPONSE) {
            session.responded();
        }
        if (packet.payloadLength() >= GATHER_BYTES && !framing.transformsBytes()) {
            ByteBuf payload = packet.retainedPayload();
            if (payload != null) {
                gather(typed, id, prefixLength, packetLength, payload, sender);
                packet.release();
                return;
            }
        }
        reserveBatch(prefixLength + packetLength);
        int packetIndex = length + prefixLength;
        framing.writePrefix(bytes, length, packetLength);
        typed.writeTo(bytes, packetIndex, id);
        framing.finish(bytes, length, packetIndex, packetLength);
        length = packetIndex + packetLength;
        batchOf().add(sender);
        packet.release();
        unflushedPackets++;
        if (length >= BATCH_BYTES || (eager && unflushedPackets >= EAGER_FLUSH_PACKETS)) {
            flush();
        }
    }

    /** Prefix and headers into the batch, the payload behind it as it is. */
    private void gather(
            Packet packet,
            int id,
            int prefixLength,
            int packetLength,
            ByteBuf payload,
            @Nullable SendSubscriber sender) {
        int headers = packetLength - packet.payloadLength();
        reserveBatch(prefixLength + headers);
        framing.writePrefix(bytes, length, packetLength);
        packet.writeHeadersTo(bytes, length + prefixLength, id);
        length += prefixLength + headers;
        batchOf();
        writeBatch();
        Batch own = new Batch(this);
        own.add(sender);
        unflushedBytes += payload.readableBytes();
        turnBytes += payload.readableBytes();
        ctx.write(payload).addListener(own);
        if (unflushedBytes >= BATCH_BYTES) {
            flush();
        }
    }

    private Batch batchOf() {
        Batch present = batch;
        if (present == null) {
            present = new Batch(this);
            batch = present;
        }
        return present;
    }

    /** Makes room for so many bytes behind what is in the batch, writing that first when it does not fit. */
    private void reserveBatch(int needed) {
        if (buffer != null && length + needed <= bytes.capacity()) {
            return;
        }
        if (buffer != null) {
            if (batchBytes < BATCH_BYTES) {
                batchBytes = Math.min(BATCH_BYTES, batchBytes * 4);
            }
            writeBatch();
            if (unflushedBytes >= BATCH_BYTES) {
                flush();
            }
        }
        ByteBuf fresh = ctx.alloc().directBuffer(Math.max(needed, batchBytes));
        buffer = fresh;
        bytes = fresh.internalNioBuffer(0, fresh.capacity()).slice();
    }

    private void writeBatch() {
        ByteBuf full = buffer;
        Batch owners = batch;
        if (full == null) {
            return;
        }
        buffer = null;
        batch = null;
        unflushedBytes += length;
        turnBytes += length;
        full.writerIndex(length);
        length = 0;
        var written = ctx.write(full);
        if (owners != null) {
            written.addListener(owners);
        }
    }

    /** Writes a frame that must not wait behind packets which are not encoded yet. */
    void writeNow(ByteBuf frame) {
        writeBatch();
        unflushedBytes += frame.readableBytes();
        var unused = ctx.write(frame);
        flushSoon();
    }

    /** Flushes what was encoded at the end of this stretch of work, or in a task when there is none. */
    void flushSoon() {
        if (nesting == 0 && !flushScheduled) {
            flushScheduled = true;
            loop.execute(() -> {
                flushScheduled = false;
                flush();
            });
        }
    }

    void flush() {
        if (buffer != null && length < bytes.capacity() >> 2 && batchBytes > FIRST_BATCH_BYTES) {
            batchBytes >>= 1;
        }
        writeBatch();
        unflushedPackets = 0;
        if (unflushedBytes > 0) {
            unflushedBytes = 0;
            ctx.flush();
            writable = channel.isWritable();
            if (turnBytes >= TURN_BYTES && !turnOver) {
                turnOver = true;
                wake();
            }
        }
    }

    /** Whether everything that was accepted is in the socket's buffer. */
    boolean isDrained() {
        if (load != 0 || length != 0) {
            return false;
        }
        for (SendSubscriber sender : senders) {
            if (!sender.queueIsEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** No more is taken from publishers; what they emitted is still written. */
    void stopSenders() {
        for (SendSubscriber sender : List.copyOf(senders)) {
            sender.stop(session.lost("the session was closed during send"));
        }
    }

    /** The connection is gone. */
    void end(ConnectionLostException lost) {
        ended = true;
        ByteBuf unwritten = buffer;
        if (unwritten != null) {
            writeBatch(); // fails the batch, whose listeners count what is lost
        }
        for (SendSubscriber sender : List.copyOf(senders)) {
            sender.fail(lost);
        }
        senders.clear();
        discardArrivals();
    }

    private void discardArrivals() {
        long done = 0;
        MpscUnboundedArrayQueue<Object> queue = arrivals;
        if (queue != null) {
            for (Object next = queue.poll(); next != null; next = queue.poll()) {
                if (next instanceof PendingRequest request) {
                    pending.release();
                    request.fail(session.lost("the connection ended before the request was sent"));
                }
                waiting.add(next);
            }
        }
        for (Object next = waiting.poll(); next != null; next = waiting.poll()) {
            done += cost(next);
            (next instanceof PendingRequest request ? request.packet : (Packet) next).release();
            lost(1);
        }
        if (done != 0) {
            LOAD.getAndAdd(this, -done);
        }
    }

    void lost(long packets) {
        packetsLost += packets;
    }

    long packetsLost() {
        return packetsLost;
    }
}
