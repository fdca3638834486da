package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.util.context.ContextView;

/**
 * The receiving end of a stream: turns the subscriber's demand into credit for the peer, a window at most, and more when a
 * quarter of it is left. An item that arrives was asked for, so that nothing waits here.
 */
final class StreamReceiver extends Demand implements Subscription, Runnable {

    private final SessionStreams streams;
    private final CoreSubscriber<? super Packet> actual;

    private volatile boolean cancelled;

    // Event loop only.
    private @Nullable Stream stream;
    /** The item that came with OPEN, until it is asked for; it needed no credit. */
    private @Nullable Packet first;

    private int firsts;
    private long delivered;
    private long granted;
    private boolean peerDone;
    private @Nullable Throwable peerError;
    private boolean ended;
    /** Whose first item opens the stream, until it did. */
    private volatile @Nullable StreamSender opener;

    StreamReceiver(SessionStreams streams, CoreSubscriber<? super Packet> actual) {
        this.streams = streams;
        this.actual = actual;
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            streams.inEventLoop(() -> refuse(n));
            return;
        }
        if (add(n)) {
            streams.inEventLoop(this);
        }
    }

    @Override
    public void cancel() {
        if (!cancelled) {
            cancelled = true;
            streams.inEventLoop(this::cancelOnLoop);
        }
    }

    // ---- event loop ----

    private void cancelOnLoop() {
        cancelled = true;
        first = null;
        Stream present = stream;
        StreamSender unopened = opener;
        if (present != null && !ended) {
            ended = true;
            streams.receiverCancelled(present);
        } else if (present == null && unopened != null) {
            unopened.cancelled();
        }
    }

    /** Called before anything else: the stream opens with a sender's first item. */
    void opensWith(StreamSender sender) {
        opener = sender;
    }

    ContextView context() {
        return actual.currentContext();
    }

    boolean isCancelled() {
        return cancelled;
    }

    private void refuse(long n) {
        if (!cancelled) {
            cancelOnLoop();
            Signals.error(
                    actual,
                    new IllegalArgumentException("§3.9: request of " + n + " elements; demand must be positive"));
        }
    }

    /** What the peer is told with OPEN that it may send. */
    int firstCredit() {
        return (int) Math.min(streams.window(), requested());
    }

    /**
     * The stream is open from here on.
     *
     * @param told the credit that the peer knows of
     * @param firstItem the item that came with OPEN, or {@code null}
     */
    void opened(Stream opened, int told, @Nullable Packet firstItem) {
        stream = opened;
        granted = told;
        first = firstItem;
        firsts = firstItem == null ? 0 : 1;
        if (cancelled) {
            cancelOnLoop();
        } else {
            run();
        }
    }

    @Override
    public void run() {
        beginRun();
        Packet waiting = first;
        if (waiting != null && requested() > 0) {
            first = null;
            signal(waiting);
            endIfDone();
        }
        grant();
    }

    private void grant() {
        Stream present = stream;
        if (present == null || ended || peerDone) {
            return;
        }
        int window = streams.window();
        if (granted - delivered > window >> 2) {
            return;
        }
        long more = Math.min(requested() - firsts, delivered + window) - granted;
        if (more > 0) {
            granted += more;
            streams.credit(present, (int) more);
        }
    }

    /** An item arrived, whole. */
    void next(Packet item) {
        if (delivered == granted) {
            throw new ProtocolException(Rule.EXCESS, "an item of a stream without credit");
        }
        delivered++;
        streams.received(item);
        signal(item);
        grant();
    }

    private void signal(Packet item) {
        if (cancelled) {
            return;
        }
        try {
            actual.onNext(item);
        } catch (Throwable thrown) {
            Exceptions.throwIfJvmFatal(thrown);
            cancelOnLoop();
            Signals.error(actual, thrown);
        }
    }

    /** Nothing more will come: an error, or {@code null} for completion. */
    void end(@Nullable Throwable error) {
        peerDone = true;
        peerError = error;
        if (error != null) {
            first = null;
        }
        endIfDone();
    }

    private void endIfDone() {
        if (!peerDone || first != null || ended) {
            return;
        }
        ended = true;
        if (!cancelled) {
            cancelled = true;
            Throwable error = peerError;
            if (error == null) {
                Signals.complete(actual);
            } else {
                Signals.error(actual, error);
            }
        }
    }
}
