package io.msgtrans.reactive;

import io.msgtrans.reactive.health.Health;
import java.net.SocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One connection that carries packets in both directions.
 *
 * <pre>
 *   OPEN --close()--> CLOSING --written, peer gone or deadline--> CLOSED
 *   OPEN --dispose(), peer closed, broken rule, lost connection--> CLOSED
 * </pre>
 *
 * <p><b>Threads.</b> Every method may be called from any thread. What arrives is signalled on the event loop of the
 * connection, which must not be blocked: move blocking work away with {@code publishOn}.
 *
 * <p><b>Bounds.</b> Inbound, {@link SessionOptions#inboundPackets()} and {@link SessionOptions#inboundBytes()} may wait
 * for demand, then the socket is not read any more and the peer feels it. Outbound, {@link
 * SessionOptions#outboundPackets()} and {@link SessionOptions#outboundBytes()} may wait for the socket, then {@link
 * #offer} answers {@link OfferResult#FULL} and {@link #send} stops asking its publisher.
 *
 * <p><b>Delivery.</b> Packets of one publisher, and of one thread's offers and requests, leave in their order, but for those with
 * {@link Packet#FLAG_HIGH_PRIORITY}, which pass packets that wait. Offers, publishers and streams take turns.
 * "Sent" means handed to the socket, not received: only an answer of the peer proves that.
 */
public interface Session extends Disposable {

    /** Unique among the sessions of a server, or of this process's clients; never negative. */
    long id();

    /** The scheme of the transport: {@code tcp}, {@code ws}, {@code mem}… */
    String scheme();

    /** Address of the peer. */
    SocketAddress remoteAddress();

    /** Address of this side. */
    SocketAddress localAddress();

    /** Who the peer is, by the server's {@code Authentication}; {@code null} without one, and on clients. */
    @Nullable
    Principal principal();

    /** The TLS session, with the peer's certificates, or {@code null} without TLS. */
    @Nullable
    SSLSession tls();

    /**
     * What the transport offers beyond the others, such as {@code QuicConnection}, or {@code null}. Every session gives its Netty
     * {@code Channel}, for diagnosis and tests: what is done to that is not known to the session.
     */
    <T> @Nullable T transport(Class<T> type);

    /** Values that the application keeps with the session; safe for use by several threads. */
    Map<String, Object> attributes();

    /**
     * The one-way packets and requests of the peer, decompressed. One subscriber at a time; after it cancelled another
     * one may subscribe and continues where the first stopped. Packets are garbage-collected memory of their own: keep
     * them, queue them, hand them to other threads. Given to {@link #send} as it is, {@code other.send(session.receive())},
     * they are written from where they were read, and become no objects in between.
     *
     * <p>Completes when the session ends in an orderly way, else fails with {@link ConnectionLostException} or {@link
     * ProtocolException}. A second subscriber gets an {@code IllegalStateException}. When nobody subscribes, packets
     * wait up to the inbound bound and reading stops, for responses too: a client that expects none may call {@code
     * receive().subscribe()}.
     */
    Flux<Packet> receive();

    /**
     * As {@link #receive()}, without copying: packets lie in the read buffer and are valid only until {@code onNext}
     * returns. {@link Packet#retain()} gives one that lives until it is sent or {@link Packet#release() released};
     * operators that queue elements must be behind such a retain, with {@code doOnDiscard(Packet.class,
     * Packet::release)}. For packets of more than 128 bytes behind their header: shorter ones that nobody keeps cost no
     * memory in {@link #receive()} either.
     */
    Flux<Packet> receiveBorrowed();

    /**
     * Calls a consumer with each packet of {@link #receive()}, on the event loop: {@code receive().doOnNext(consumer).then()} in one step,
     * for handlers that take packets at high rates. The consumer must not block, and nothing slows the peer but the time that it
     * takes.
     *
     * <p>Completes and fails as {@link #receive()} does. What the consumer throws ends the {@code Mono} with that error, and no more is
     * demanded; cancel does the same without an error.
     */
    default Mono<Void> receive(Consumer<? super Packet> consumer) {
        return new ForEachPacket(receive(), consumer);
    }

    /** As {@link #receive(Consumer)} with packets of {@link #receiveBorrowed()}, which are valid until the consumer returns. */
    default Mono<Void> receiveBorrowed(Consumer<? super Packet> consumer) {
        return new ForEachPacket(receiveBorrowed(), consumer);
    }

    /**
     * Sends what the publisher emits, asking for more as the socket takes it. Completes when all of it was handed to
     * the socket. Several sends may run at the same time; they take turns.
     *
     * <p>Fails with the publisher's error, with {@link ConnectionLostException} (naming how many packets were not
     * handed over) when the session ends first, or with {@link LimitException} for a packet that exceeds a size limit.
     * Cancel stops asking; what was emitted is still written.
     */
    Mono<Void> send(Publisher<Packet> packets);

    /** As {@link #send(Publisher)} for one packet. */
    default Mono<Void> send(Packet packet) {
        return send(Mono.just(packet));
    }

    /**
     * Takes a packet for sending if there is room: the synchronous way, from any thread, without an object per call.
     *
     * @throws LimitException when the packet is larger than {@link SessionOptions#maxPayload()} allows
     */
    OfferResult offer(Packet packet);

    /**
     * Sends a request with {@link SessionOptions#requestTimeout()}; see {@link #request(Packet, Duration)}.
     */
    Mono<Packet> request(Packet packet);

    /**
     * Sends a request for each subscriber, and gives the response. The message id is set by the session (an id in the
     * packet is used if it is free; a pending one is refused with {@code IllegalArgumentException}). A packet of
     * another type is sent as a request.
     *
     * <p>The response arrives on the event loop. Fails with {@link RequestTimeoutException}, with {@link
     * ConnectionLostException} at once when the session ends, with {@link LimitException} when {@link
     * SessionOptions#maxPendingRequests()} or the outbound bound is reached, or with {@link PayloadException} for a
     * response that does not inflate. Cancel frees the entry; a late response is counted and dropped.
     *
     * <p>A {@link Deadline} in the subscriber's context shortens the time-out. A peer that agreed on our extensions is told when
     * the caller gives up ({@link #cancelled}).
     *
     * @param timeout from subscription to response
     */
    Mono<Packet> request(Packet packet, Duration timeout);

    /**
     * Asks for a stream of packets with one: opens a stream for each subscriber. Demand is credit for the peer, up to {@link
     * SessionOptions#streamCredit()} items at a time; cancel stops the peer's publisher. Signalled on the event loop.
     *
     * <p>Fails with {@link PeerException} when the peer answers so, {@link ConnectionLostException} when the session ends,
     * {@link LimitException} above {@link SessionOptions#maxStreams()}, and {@code IllegalStateException} when the peer did
     * not agree on our extensions ({@link #isExtended()}). This holds for all kinds of streams.
     */
    Flux<Packet> requestStream(Packet request);

    /**
     * Sends many packets and gets one answer. The publisher is asked for as much as the peer gives credit for. Cancel, or the
     * answer, cancels it.
     */
    Mono<Packet> sendStream(Publisher<Packet> items);

    /**
     * Sends many packets and receives many; nothing is sent before the first item. Cancel ends both directions; each ends by
     * itself otherwise, an error of either ends both.
     */
    Flux<Packet> channel(Publisher<Packet> items);

    /** Whether both sides agreed on our wire extensions, which streams need; see {@link EndpointOptions#extensions}. */
    boolean isExtended();

    /**
     * Answers a request with an error, a {@link PeerException} at the requester; needs {@link #isExtended()}.
     *
     * @param code one of the constants of {@link PeerException}, or the application's own
     */
    Mono<Void> replyError(Packet request, int code, String message);

    /**
     * Completes when the peer gives up on a request that it sent and that has no answer yet: it cancelled, its time is over, or
     * the session has ended. Then nobody waits for the answer, and none need be sent.
     *
     * <pre>{@code work(request).flatMap(answer -> session.reply(request, answer)).takeUntilOther(session.cancelled(request))}</pre>
     *
     * <p>Only peers that agreed on our extensions say so ({@link #isExtended()}). Signalled on the event loop; one subscriber
     * per request. Cancel it when the request is answered otherwise than by this session.
     */
    Mono<Void> cancelled(Packet request);

    /** Answers a request with a payload: {@code send(request.response(payload))}. */
    default Mono<Void> reply(Packet request, byte[] payload) {
        return send(request.response(payload));
    }

    /** Answers a request with a text as UTF-8. */
    default Mono<Void> reply(Packet request, String text) {
        return send(request.response(text));
    }

    /**
     * How many lanes there are; 1 unless the transport has more and both sides asked for them ({@code QuicOptions.LANES}).
     * May grow right after the session opened.
     */
    default int lanes() {
        return 1;
    }

    /**
     * A lane, 0 for the one that everything takes by default. With several lanes, {@link #offer(Packet)}, {@link
     * #send(Packet)}, {@link #request(Packet)} and {@link #reply} put packets with {@link Packet#FLAG_HIGH_PRIORITY} on
     * lane 1; {@link #send(Publisher)} keeps a publisher's packets together on lane 0.
     *
     * @throws IndexOutOfBoundsException when there is no such lane
     */
    Lane lane(int index);

    /**
     * Takes a packet that may be lost or overtaken on the way: for state that is stale when it is late. Sent as one
     * datagram where the connection has them ({@code QuicOptions.DATAGRAMS} on both sides), else as by {@link
     * #offer(Packet)}. {@code FULL} means that too many wait for the event loop already. What the receiver has no demand
     * for is dropped there and counted ({@link SessionStats#unreliableDropped()}).
     *
     * @throws LimitException when the packet is larger than {@link #maxUnreliableBytes()}
     */
    OfferResult offerUnreliable(Packet packet);

    /** The largest packet, header included, that fits into a datagram; 0 where there are none. */
    default int maxUnreliableBytes() {
        return 0;
    }

    /**
     * {@code true} while {@link #offer} would accept a small packet, {@code false} when it would not: the current state
     * and every change, the latest state for a slow subscriber. {@code false}, and complete, when the session has ended.
     */
    Flux<Boolean> writable();

    /** Bytes that wait in this session for the socket; an estimate when called from other threads. */
    long outboundQueuedBytes();

    /** Who follows its requests, by {@link SessionOptions#tracing}, or {@code null}. */
    @Nullable
    Tracing tracing();

    /** How the peer does, by the heartbeats of {@link SessionOptions#heartbeat}. */
    Health health();

    /**
     * {@link #health()} now and at every change of its state, or of whether the peer drains; the latest for a slow subscriber.
     * Signalled on the event loop; completes when the session ends, behind {@code FAILED} if it was given up.
     */
    Flux<Health> healthChanges();

    /**
     * Takes over what may change while a session is open: {@link SessionOptions#writeDelay}, {@link SessionOptions#writeBatch},
     * {@link SessionOptions#inboundPackets} and {@link SessionOptions#inboundBytes}. Nothing else changes.
     */
    void reconfigure(SessionOptions options);

    /** What the network under this session does; empty where nobody knows: in the process, and TCP on other systems than Linux. */
    Mono<LinkStats> link();

    /** What this session did so far. */
    SessionStats stats();

    /** As {@link #close(CloseReason)} with {@link CloseReason#NORMAL}. */
    default Mono<Void> close() {
        return close(CloseReason.NORMAL);
    }

    /**
     * Closes in an orderly way, subscribed to or not: accepts nothing more, writes what was accepted, tells the peer the
     * reason where the transport can, and waits for it to go, {@link SessionOptions#closeTimeout()} at most. Running
     * sends fail. Completes when the connection is gone.
     */
    Mono<Void> close(CloseReason reason);

    /**
     * Finishes what is in flight, then closes with {@link CloseReason#GOING_AWAY}, subscribed to or not: requests of the
     * peer that were delivered get their answers, pending requests their responses, and what was accepted is written;
     * nothing else is read any more; a peer that agreed on our extensions is told that new requests and streams are
     * refused ({@link PeerException#UNAVAILABLE}). Has no deadline of its own: {@link #dispose()} ends it. Completes when the
     * connection is gone.
     */
    Mono<Void> drain();

    /** Ends the connection at once; packets that wait are lost and counted. */
    @Override
    void dispose();

    /** Whether the connection is gone. */
    @Override
    boolean isDisposed();

    /** Whether packets are accepted: not closing and not closed. */
    boolean isOpen();

    /** Gives the reason when the connection is gone; to late subscribers too. */
    Mono<CloseReason> onClose();

    /** Why the session ended, or {@code null} while it has not. */
    @Nullable
    CloseReason closeReason();
}
