package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The sending end of a stream: asks its publisher for what the peer gave credit for and the socket takes. What is emitted on
 * the event loop is encoded at once; what comes from other threads waits in a queue, which the demand bounds. A large item
 * goes out in fragments, between which others have their turn.
 */
final class StreamSender extends Sender implements CoreSubscriber<Packet> {

    /** What goes out in one frame. */
    static final int FRAGMENT_BYTES = 16 * 1024;

    private static final int MAX_WINDOW = 256;
    private static final int FIRST_WINDOW = 16;

    private final SessionStreams streams;
    private final Outbound outbound;
    private final Context context;

    private volatile @Nullable SpscArrayQueue<Packet> queue;
    private volatile boolean upstreamDone;
    /** Written before upstreamDone. */
    private @Nullable Throwable upstreamError;

    private volatile @Nullable Subscription upstream;

    // Event loop only.
    private @Nullable Stream stream;
    private final SessionStreams.@Nullable Opening opening;
    private boolean registered;
    private boolean ended;
    private long credit;
    private long requested;
    private long taken;
    private int window = FIRST_WINDOW;
    private long packetBytes;
    private @Nullable Packet fragmented;
    private int fragmentFrom;

    /**
     * @param opening opens the stream with the first item; {@code null} when the stream is open
     */
    StreamSender(SessionStreams streams, Outbound outbound, Context context, SessionStreams.@Nullable Opening opening) {
        this.streams = streams;
        this.outbound = outbound;
        this.context = context;
        this.opening = opening;
    }

    @Override
    public Context currentContext() {
        return context;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        if (Operators.validate(upstream, subscription)) {
            upstream = subscription;
            outbound.start(this);
        }
    }

    @Override
    public void onNext(Packet packet) {
        if (upstreamDone) {
            Operators.onDiscard(packet, context);
            packet.release();
            return;
        }
        LimitException tooLarge = outbound.sizeError(packet);
        if (tooLarge != null) {
            packet.release();
            cancelUpstream();
            onError(tooLarge);
            return;
        }
        if (outbound.inEventLoop() && queueIsEmpty() && outbound.canEncode()) {
            if (ended) {
                packet.release();
                return;
            }
            take(packet);
            outbound.flushSoon();
            replenish();
        } else {
            enqueue(packet);
        }
    }

    private void enqueue(Packet packet) {
        SpscArrayQueue<Packet> present = queue;
        if (present == null) {
            present = new SpscArrayQueue<>(MAX_WINDOW);
            queue = present;
        }
        Packet kept = packet.isBorrowed() ? Outbound.keep(packet) : packet;
        if (!present.offer(kept)) {
            kept.release();
            cancelUpstream();
            onError(new IllegalStateException("the publisher emitted more packets than were requested"));
            return;
        }
        outbound.wake();
    }

    @Override
    public void onError(Throwable error) {
        if (upstreamDone) {
            Operators.onErrorDropped(error, context);
            return;
        }
        upstreamError = error;
        upstreamDone = true;
        outbound.wake();
    }

    @Override
    public void onComplete() {
        upstreamDone = true;
        outbound.wake();
    }

    private void cancelUpstream() {
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
        }
    }

    // ---- event loop ----

    /** The stream is open from here on. */
    void opened(Stream opened, long firstCredit) {
        stream = opened;
        granted(firstCredit);
    }

    /** The peer takes so many items more. */
    void granted(long more) {
        credit = more >= Frames.UNBOUNDED ? Long.MAX_VALUE : Operators.addCap(credit, more);
        replenish();
    }

    @Override
    void registered() {
        registered = true;
        if (opening != null && stream == null) {
            credit = 1; // the first item opens the stream
        }
        replenish();
    }

    @Override
    void replenish() {
        long outstanding = requested - taken;
        if (!registered || ended || upstreamDone || outstanding > window >> 2 || !outbound.canEncode()) {
            return;
        }
        if (taken > 0) {
            long fitting = outbound.options().outboundBytes() / Math.max(1, packetBytes);
            window = (int) Math.max(1, Math.min(MAX_WINDOW, fitting));
            packetBytes -= packetBytes >> 3; // forget a large packet slowly
        }
        long more = Math.min(window - outstanding, credit - requested);
        Subscription subscription = upstream;
        if (more > 0 && subscription != null) {
            requested += more;
            subscription.request(more);
        }
    }

    @Override
    boolean drain(int max) {
        for (int i = 0; i < max; i++) {
            if (!outbound.canEncode()) {
                return true;
            }
            if (fragmented != null) {
                encodeFragment(fragmented);
                continue;
            }
            SpscArrayQueue<Packet> present = queue;
            Packet packet = present == null ? null : present.poll();
            if (packet == null) {
                return false;
            }
            if (ended) {
                packet.release();
            } else {
                take(packet);
            }
        }
        return true;
    }

    private void take(Packet packet) {
        taken++;
        packetBytes = Math.max(packetBytes, packet.lengthBytes());
        Stream present = stream;
        if (present == null) {
            openWith(packet);
        } else if (packet.payloadLength() > FRAGMENT_BYTES) {
            fragmented = packet.isBorrowed() ? Outbound.keep(packet) : packet;
            fragmentFrom = 0;
            encodeFragment(fragmented);
            outbound.wake();
        } else {
            outbound.encodeFrame(packet, Frames.ITEM, present.id, 0);
        }
    }

    private void openWith(Packet packet) {
        if (opening != null) {
            opening.open(packet, this);
        }
    }

    private void encodeFragment(Packet packet) {
        Stream present = stream;
        if (present == null) {
            return;
        }
        int left = packet.payloadLength() - fragmentFrom;
        int length = Math.min(FRAGMENT_BYTES, left);
        outbound.encodeFragment(packet, present.id, fragmentFrom, length, length < left ? Frames.FLAG_CONTINUED : 0);
        fragmentFrom += length;
        if (length == left) {
            fragmented = null;
            packet.release();
        }
    }

    @Override
    boolean queueIsEmpty() {
        SpscArrayQueue<Packet> present = queue;
        return fragmented == null && (present == null || present.isEmpty());
    }

    @Override
    boolean endIfDone() {
        if (!ended && upstreamDone && queueIsEmpty()) {
            ended = true;
            Stream present = stream;
            if (present != null) {
                streams.senderEnded(present, upstreamError);
            } else if (opening != null) {
                opening.neverOpened(upstreamError);
            }
        }
        return ended;
    }

    /** The peer wants no more, or the other direction broke. */
    void cancelled() {
        if (!ended) {
            ended = true;
            cancelUpstream();
            release();
            outbound.wake(); // which forgets this sender
        }
    }

    private int release() {
        int released = 0;
        Packet partly = fragmented;
        if (partly != null) {
            fragmented = null;
            partly.release();
            released++;
        }
        SpscArrayQueue<Packet> present = queue;
        if (present != null) {
            for (Packet packet = present.poll(); packet != null; packet = present.poll()) {
                packet.release();
                released++;
            }
        }
        return released;
    }

    @Override
    void stop(Throwable error) {
        cancelUpstream();
        if (!upstreamDone) {
            upstreamError = new PeerException(PeerException.CANCELLED, "the session closes");
            upstreamDone = true;
        }
    }

    @Override
    void fail(ConnectionLostException lost) {
        ended = true;
        cancelUpstream();
        outbound.lost(release());
        if (stream == null && opening != null) {
            opening.neverOpened(lost);
        }
    }
}
