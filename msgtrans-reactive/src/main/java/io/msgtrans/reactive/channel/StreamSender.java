package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The sending end of a stream: asks its publisher for what the peer gave credit for and the socket takes. What is emitted on
 * the event loop is encoded at once; what comes from other threads waits in a queue, which the demand bounds. A large item
 * goes out in fragments, between which others have their turn.
 */
final class StreamSender extends PublisherSender {

    /** What goes out in one frame. */
    static final int FRAGMENT_BYTES = 16 * 1024;

    private final SessionStreams streams;
    private final Context context;

    // Event loop only.
    private @Nullable Stream stream;
    private final SessionStreams.@Nullable Opening opening;
    private boolean registered;
    private boolean ended;
    private long credit;
    private @Nullable Packet fragmented;
    private int fragmentFrom;

    /**
     * @param opening opens the stream with the first item; {@code null} when the stream is open
     */
    StreamSender(SessionStreams streams, Outbound outbound, Context context, SessionStreams.@Nullable Opening opening) {
        super(outbound);
        this.streams = streams;
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
        if (isTooLarge(packet)) {
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

    // ---- event loop ----

    /** The stream is open from here on. */
    void opened(Stream opened, long firstCredit) {
        stream = opened;
        if (opened.urgent) {
            outbound.markUrgent(this);
        }
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
        if (registered && !ended && !upstreamDone && !hasEnoughUnderWay() && outbound.canEncode()) {
            ask(credit);
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
            Packet packet = poll();
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
        taken(packet);
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
        return fragmented == null && super.queueIsEmpty();
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
            releaseQueue();
            outbound.wake(); // which forgets this sender
        }
    }

    @Override
    int releaseQueue() {
        Packet partly = fragmented;
        if (partly == null) {
            return super.releaseQueue();
        }
        fragmented = null;
        partly.release();
        return super.releaseQueue() + 1;
    }

    @Override
    void stop(Throwable error) {
        cancelUpstream();
        if (!upstreamDone) {
            end(new PeerException(PeerException.CANCELLED, "the session closes"));
        }
    }

    @Override
    void fail(ConnectionLostException lost) {
        ended = true;
        cancelUpstream();
        outbound.lost(releaseQueue());
        if (stream == null && opening != null) {
            opening.neverOpened(lost);
        }
    }
}
