package io.msgtrans.reactive.delivery;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.delivery.DeliveryOptions.WhenFull;
import io.msgtrans.reactive.reconnect.ConnectionState;
import io.msgtrans.reactive.reconnect.ConnectionState.Kind;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * Sends packets until the receiver has acknowledged them, over as many connections as that takes.
 *
 * <pre>
 *   send --> window (bounded) --> request with a mark --> receiver
 *               ^  |                                         |
 *   next session|  +-- acknowledged: gone <------------------+
 * </pre>
 *
 * <p>Packets are sent in their order; after a lost connection all that were not acknowledged are sent again, and the receiver
 * ({@link AcknowledgedReceiver}) gives those that it has acknowledged to its application only once, unless it lost its memory in between.
 *
 * <p>The peer must agree on our extensions, which plain {@code tcp} does only with {@code extensions: ON}.
 *
 * <p><b>Threads.</b> Any thread may send. Monos are signalled on the event loop of the connection.
 */
public final class AcknowledgedSender implements Disposable {

    private static final long AGAIN_MILLIS = 10;

    private final DeliveryOptions options;
    private final long producer = ThreadLocalRandom.current().nextLong();
    private final Disposable watching;

    // Guarded by this.
    private final Map<Long, Entry> window = new HashMap<>();
    /** Of what is in the window. */
    private long lowest = 1;
    /** What is below is under way, or needs no sending. */
    private long nextToSend = 1;

    private long windowBytes;
    private long lastSequence;
    private int inFlight;
    private @Nullable Session session;
    private @Nullable Throwable ended;
    private long acknowledged;
    private long rejected;
    private long dropped;
    private long resent;
    private boolean pumpScheduled;
    private final List<Sinks.Empty<Void>> flushes = new ArrayList<>(0);

    /** A packet that waits for its acknowledgement. */
    private static final class Entry {
        private final long sequence;
        private final Packet packet;
        private final MonoSink<Void> sink;
        private boolean wasSent;
        /** The session that it is under way on. */
        private @Nullable Session underWay;

        Entry(long sequence, Packet packet, MonoSink<Void> sink) {
            this.sequence = sequence;
            this.packet = packet;
            this.sink = sink;
        }
    }

    private AcknowledgedSender(ReconnectingSession sessions, DeliveryOptions options) {
        this.options = options;
        this.watching = sessions.states().subscribe(this::changed, this::end);
    }

    /** A sender over a reconnecting session, which stays its owner's and may be used for other things as well. */
    public static AcknowledgedSender of(ReconnectingSession sessions, DeliveryOptions options) {
        return new AcknowledgedSender(sessions, options);
    }

    /**
     * Sends a packet for each subscriber; completes when the receiver has acknowledged it. Fails with {@link LimitException} when
     * the window is full, or the packet was given up for a newer one; with {@link PeerException} when the receiver rejects it; with {@link LimitException} when it is too large; as
     * {@link ReconnectingSession#session()} does when there will be no connection any more. Cancel does not take it back.
     *
     * @param packet neither owned nor borrowed, see {@link Packet#compact()}
     */
    public Mono<Void> send(Packet packet) {
        if (packet.isOwned() || packet.isBorrowed()) {
            throw new IllegalArgumentException("an acknowledged packet needs memory of its own: use compact()");
        }
        return Mono.create(sink -> accept(packet, sink));
    }

    private void accept(Packet packet, MonoSink<Void> sink) {
        Throwable refused;
        List<Entry> givenUp = new ArrayList<>(0);
        synchronized (this) {
            refused = ended != null ? ended : makeRoom(packet, givenUp);
            if (refused == null) {
                long sequence = ++lastSequence;
                window.put(sequence, new Entry(sequence, packet, sink));
                windowBytes += packet.lengthBytes();
                pump();
            }
        }
        if (refused != null) {
            sink.error(refused);
        }
        givenUp.forEach(entry -> entry.sink.error(new LimitException(
                "packets that wait for acknowledgement, of which this was the oldest",
                "window",
                options.windowPackets(),
                options.windowPackets() + 1L)));
    }

    private @Nullable LimitException makeRoom(Packet packet, List<Entry> givenUp) {
        while (window.size() >= options.windowPackets()
                || (windowBytes + packet.lengthBytes() > options.windowBytes() && !window.isEmpty())) {
            if (options.whenFull() == WhenFull.REFUSE) {
                return window.size() >= options.windowPackets()
                        ? new LimitException(
                                "packets that wait for acknowledgement",
                                "window",
                                options.windowPackets(),
                                window.size() + 1L)
                        : new LimitException(
                                "bytes that wait for acknowledgement",
                                "window",
                                options.windowBytes(),
                                windowBytes + packet.lengthBytes());
            }
            Entry oldest = remove(lowest);
            dropped++;
            givenUp.add(oldest);
        }
        return null;
    }

    /** Guarded by this. */
    private Entry remove(long sequence) {
        Entry entry = Objects.requireNonNull(window.remove(sequence), "an entry of the window");
        windowBytes -= entry.packet.lengthBytes();
        if (entry.underWay != null) {
            entry.underWay = null;
            inFlight--;
        }
        while (lowest <= lastSequence && !window.containsKey(lowest)) {
            lowest++;
        }
        nextToSend = Math.max(nextToSend, lowest);
        if (window.isEmpty()) {
            flushes.forEach(Sinks.Empty::tryEmitEmpty);
            flushes.clear();
        }
        return entry;
    }

    // ---- connections ----

    private void changed(ConnectionState state) {
        if (state.kind() == Kind.OPEN) {
            synchronized (this) {
                session = state.session();
                for (Entry entry : window.values()) {
                    entry.underWay = null;
                }
                inFlight = 0;
                nextToSend = lowest;
                pump();
            }
        } else if (state.kind() == Kind.LOST) {
            synchronized (this) {
                session = null;
            }
        } else if (state.kind() == Kind.FAILED || state.kind() == Kind.CLOSED) {
            Throwable error = state.error();
            end(error == null ? lost("the reconnecting session was disposed") : error);
        }
    }

    private static ConnectionLostException lost(String why) {
        return new ConnectionLostException(why, CloseReason.NORMAL, 0, null);
    }

    /** Sends what is not under way, in order, as much as may be. Guarded by this. */
    private void pump() {
        Session open = session;
        if (open == null || !open.isOpen()) {
            return;
        }
        if (!open.isExtended()) {
            failAllLater(new IllegalStateException(
                    "delivery with acknowledgement needs a peer that agrees on our extensions (option extensions)"));
            return;
        }
        for (; inFlight < options.inFlight() && nextToSend <= lastSequence; nextToSend++) {
            Entry entry = window.get(nextToSend);
            if (entry != null && entry.underWay == null) {
                entry.underWay = open;
                inFlight++;
                resent += entry.wasSent ? 1 : 0;
                entry.wasSent = true;
                transmit(open, entry, new DeliveryMark(producer, entry.sequence, lowest));
                if (entry.underWay == null) {
                    return; // refused at once; what follows must not go first
                }
            }
        }
    }

    private void transmit(Session open, Entry entry, DeliveryMark mark) {
        // On a thread of its own only where it fails at once: the answer comes on the event loop, which may wait for
        // the lock.
        open.request(entry.packet, options.resendAfter())
                .contextWrite(context -> context.put(DeliveryMark.class, mark))
                .subscribe(answer -> done(entry, null), error -> failed(open, entry, error));
    }

    private static boolean isFinal(Throwable error) {
        return error instanceof PeerException peer
                ? peer.code() != PeerException.UNAVAILABLE && peer.code() != PeerException.OUT_OF_ORDER
                : error instanceof TransportException failed && failed.kind() == TransportException.Kind.EXPECTED;
    }

    private void done(Entry entry, @Nullable Throwable no) {
        synchronized (this) {
            if (!window.containsKey(entry.sequence)) {
                return;
            }
            remove(entry.sequence);
            if (no == null) {
                acknowledged++;
            } else {
                rejected++;
            }
            pump();
        }
        if (no == null) {
            entry.sink.success();
        } else {
            entry.sink.error(no);
        }
    }

    private void failed(Session open, Entry entry, Throwable error) {
        if (isFinal(error)) {
            done(entry, error);
            return;
        }
        synchronized (this) {
            if (entry.underWay == open) {
                entry.underWay = null;
                inFlight--;
                nextToSend = lowest;
            }
            if (!pumpScheduled && open.isOpen()) {
                pumpScheduled = true; // refused for now, or lost on the way
                Schedulers.parallel().schedule(this::pumpAgain, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
    }

    private synchronized void pumpAgain() {
        pumpScheduled = false;
        pump();
    }

    // ---- the end ----

    private void failAllLater(Throwable error) {
        Schedulers.parallel().schedule(() -> end(error));
    }

    private void end(Throwable error) {
        List<Entry> left;
        synchronized (this) {
            if (ended != null) {
                return;
            }
            ended = error;
            session = null;
            left = List.copyOf(window.values());
            left.forEach(entry -> remove(entry.sequence));
            dropped += left.size();
        }
        left.forEach(entry -> entry.sink.error(
                error instanceof TransportException ? error : new IllegalStateException(error.getMessage(), error)));
    }

    /** Completes when everything that was accepted is acknowledged or has failed, or fails when the time is over. */
    public Mono<Void> flush(Duration timeout) {
        return Mono.defer(() -> {
                    Sinks.Empty<Void> empty = Sinks.empty();
                    synchronized (this) {
                        if (window.isEmpty()) {
                            return Mono.<Void>empty();
                        }
                        flushes.add(empty);
                    }
                    return empty.asMono();
                })
                .timeout(timeout);
    }

    /** What it did so far. */
    public synchronized DeliveryStats stats() {
        return new DeliveryStats(lastSequence, acknowledged, rejected, dropped, resent, window.size());
    }

    /** Sends no more; what waits fails with {@link ConnectionLostException}. The reconnecting session stays. */
    @Override
    public void dispose() {
        watching.dispose();
        end(lost("the sender was disposed before the packet was acknowledged"));
    }

    @Override
    public synchronized boolean isDisposed() {
        return ended != null;
    }
}
