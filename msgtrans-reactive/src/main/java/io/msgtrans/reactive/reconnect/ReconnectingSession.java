package io.msgtrans.reactive.reconnect;

import io.msgtrans.reactive.AttemptsFailedException;
import io.msgtrans.reactive.AttemptsFailedException.Attempt;
import io.msgtrans.reactive.AuthenticationException;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ConnectFailedException;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.health.Health;
import io.msgtrans.reactive.health.HealthState;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.reconnect.ConnectionState.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.retry.Retry;

/**
 * A session that outlives connections. The first is opened at once; when one is lost, the next is tried, with pauses that double
 * and vary, until an attempt succeeds or too many have failed in a row.
 *
 * <pre>
 *   CONNECTING --opened--> OPEN --lost--> LOST --> CONNECTING
 *       |  too many attempts --> FAILED               any --dispose()--> CLOSED
 * </pre>
 *
 * <p><b>What is in flight</b> when a connection is lost fails with {@link ConnectionLostException}, but for requests that the
 * caller marked as repeatable: they are sent again. What is asked for in between waits for the next connection.
 *
 * <p>Heartbeats are {@link HeartbeatOptions#DEFAULTS} unless the client says otherwise; a connection that is critical for its silence
 * is given up for another one.
 *
 * <p><b>Threads.</b> States are signalled on an event loop, or on {@code Schedulers.parallel()} while pauses pass.
 */
public final class ReconnectingSession implements Disposable {

    private final TransportClient client;
    private final ReconnectOptions options;
    private final Sinks.Many<ConnectionState> states = Sinks.many().replay().latest();
    private final Sinks.Many<Session> sessions = Sinks.many().replay().latest();
    private final Disposable.Swap connecting = Disposables.swap();

    // Guarded by this.
    private Sinks.One<Session> ready = Sinks.one();
    private @Nullable Session present;
    private boolean ended;
    /** Connections in a row that were lost soon after they had opened. */
    private int shortLived;

    private ReconnectingSession(TransportClient client, ReconnectOptions options) {
        this.client = client.session(o -> o.heartbeatByDefault(HeartbeatOptions.DEFAULTS));
        this.options = options;
    }

    /** Begins to connect. */
    public static ReconnectingSession of(TransportClient client, ReconnectOptions options) {
        ReconnectingSession session = new ReconnectingSession(client, options);
        session.connect(Duration.ZERO);
        return session;
    }

    // ---- use ----

    /**
     * The session that is open, or the next one. Fails with {@link ConnectFailedException} when it was given up, or with {@link
     * ConnectionLostException} when this side has ended it.
     */
    public Mono<Session> session() {
        return Mono.defer(() -> current().asMono())
                .flatMap(session -> session.isOpen()
                        ? Mono.just(session)
                        : session.onClose().then(Mono.defer(this::session))); // lost, and not noticed here yet
    }

    private synchronized Sinks.One<Session> current() {
        return ready;
    }

    /**
     * {@link Session#request(Packet)} on {@link #session()}, which is waited for as long as for an answer ({@code
     * SessionOptions.requestTimeout}); then it fails with {@link RequestTimeoutException}.
     */
    public Mono<Packet> request(Packet packet) {
        return inTime().flatMap(session -> session.request(packet));
    }

    private Mono<Session> inTime() {
        Duration limit = client.sessionOptions().requestTimeout();
        return session()
                .timeout(
                        limit,
                        Mono.error(() -> new RequestTimeoutException(
                                "no connection to " + client.uri() + " within " + limit + " (option requestTimeout)",
                                limit)));
    }

    /**
     * A request that may run twice at the peer: it is sent again when its connection is lost before the answer came, or when a
     * draining peer refuses it ({@link PeerException#UNAVAILABLE}).
     *
     * @param packet neither owned nor borrowed, as its memory must outlive an attempt: see {@link Packet#compact()}
     * @param timeout for all of it; then the Mono fails with {@link AttemptsFailedException}, which has the error of each attempt,
     *     or, when there was none, with {@link RequestTimeoutException}
     */
    public Mono<Packet> requestRepeatable(Packet packet, Duration timeout) {
        if (packet.isOwned() || packet.isBorrowed()) {
            throw new IllegalArgumentException("a repeatable request needs memory of its own: use compact()");
        }
        return Mono.defer(() -> {
            long startNanos = System.nanoTime();
            Queue<Attempt> failed = new ConcurrentLinkedQueue<>();
            return session()
                    .flatMap(session -> session.request(packet))
                    .retryWhen(Retry.backoff(Long.MAX_VALUE, options.minBackoff())
                            .maxBackoff(options.maxBackoff())
                            .jitter(options.jitter())
                            .filter(ReconnectingSession::mayBeRepeated)
                            .doBeforeRetry(attempt -> failed.add(new Attempt(
                                    client.uri(),
                                    attempt.failure(),
                                    Duration.ofNanos(System.nanoTime() - startNanos)))))
                    .timeout(timeout)
                    .onErrorMap(
                            TimeoutException.class,
                            late -> failed.isEmpty()
                                    ? new RequestTimeoutException(
                                            "no answer from " + client.uri() + " within " + timeout, timeout)
                                    : new AttemptsFailedException("no answer within " + timeout, List.copyOf(failed)));
        });
    }

    private static boolean mayBeRepeated(Throwable error) {
        return error instanceof ConnectionLostException
                || (error instanceof PeerException peer
                        && (peer.code() == PeerException.UNAVAILABLE || peer.code() == PeerException.OVERLOADED));
    }

    /** {@link Session#send(Publisher)} on {@link #session()}, waited for as by {@link #request}; not continued on the next one. */
    public Mono<Void> send(Publisher<Packet> packets) {
        return inTime().flatMap(session -> session.send(packets));
    }

    /** {@link Session#offer(Packet)} on the session that is open; {@code FULL} while there is none. */
    public OfferResult offer(Packet packet) {
        Session open;
        synchronized (this) {
            if (ended) {
                return OfferResult.CLOSED;
            }
            open = present;
        }
        OfferResult result = open == null ? OfferResult.FULL : open.offer(packet);
        return result == OfferResult.CLOSED ? OfferResult.FULL : result;
    }

    /**
     * What all sessions receive, one after the other. One subscriber at a time. Completes when this side ends it, fails when it
     * was given up.
     */
    public Flux<Packet> receive() {
        return sessions.asFlux().concatMap(session -> session.receive().onErrorComplete(TransportException.class), 1);
    }

    /** The present state and every change, the latest for a slow subscriber; completes after {@code FAILED} and {@code CLOSED}. */
    public Flux<ConnectionState> states() {
        return states.asFlux().onBackpressureLatest();
    }

    // ---- connections ----

    private void connect(Duration pause) {
        AtomicInteger attempt = new AtomicInteger();
        Mono<Session> attempts = Mono.defer(() -> {
                    emit(new ConnectionState(Kind.CONNECTING, attempt.incrementAndGet(), null, null, null));
                    return client.connect();
                })
                .retryWhen(Retry.backoff(options.attempts() - 1L, options.minBackoff())
                        .maxBackoff(options.maxBackoff())
                        .jitter(options.jitter())
                        .filter(error -> !(error instanceof AuthenticationException)) // would be refused again
                        .doBeforeRetry(failed ->
                                emit(new ConnectionState(Kind.CONNECTING, attempt.get(), null, null, failed.failure())))
                        .onRetryExhaustedThrow((spec, last) -> last.failure()));
        connecting.update(
                Mono.delay(pause).then(attempts).subscribe(this::opened, error -> gaveUp(error, attempt.get())));
    }

    private void opened(Session session) {
        long openedNanos = System.nanoTime();
        Sinks.One<Session> waiting;
        synchronized (this) {
            if (ended) {
                session.dispose();
                return;
            }
            present = session;
            waiting = ready;
        }
        emit(new ConnectionState(Kind.OPEN, 0, session, null, null));
        session.healthChanges().filter(this::isQuiet).subscribe(health -> session.dispose());
        session.onClose().subscribe(reason -> lost(session, reason, System.nanoTime() - openedNanos));
        emitSession(session);
        waiting.tryEmitValue(session);
    }

    /** Critical for its silence: another connection may get through. One that is only slow is kept. */
    private boolean isQuiet(Health health) {
        return health.state() == HealthState.CRITICAL
                && health.roundTrip() != null
                && health.silence().compareTo(health.roundTrip().multipliedBy(2)) > 0;
    }

    private void lost(Session session, CloseReason reason, long livedNanos) {
        Duration pause;
        synchronized (this) {
            if (ended) {
                return;
            }
            present = null;
            ready = Sinks.one();
            shortLived = livedNanos < options.maxBackoff().toNanos() ? Math.min(shortLived + 1, 30) : 0;
            pause = pause(shortLived);
        }
        emit(new ConnectionState(Kind.LOST, 0, session, reason, null));
        connect(pause);
    }

    /** Doubles with each connection that did not last, so that a peer that accepts and closes is not tried without end. */
    private Duration pause(int times) {
        long base =
                Math.min(options.maxBackoff().toMillis(), options.minBackoff().toMillis() << Math.max(0, times - 1));
        double varied =
                base * (1 + options.jitter() * (2 * ThreadLocalRandom.current().nextDouble() - 1));
        return Duration.ofMillis((long) varied);
    }

    private void gaveUp(Throwable error, int attempts) {
        ConnectFailedException failed = error instanceof ConnectFailedException connect
                ? new ConnectFailedException(
                        connect.uri(),
                        connect.getMessage() + "; given up after " + attempts + " attempts (option attempts)",
                        error)
                : null;
        Throwable why = failed == null ? error : failed;
        Sinks.One<Session> waiting;
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            waiting = ready;
        }
        emit(new ConnectionState(Kind.FAILED, attempts, null, null, why));
        synchronized (states) {
            states.tryEmitComplete();
        }
        synchronized (sessions) {
            sessions.tryEmitError(why);
        }
        waiting.tryEmitError(why);
    }

    private void emit(ConnectionState state) {
        synchronized (states) {
            states.tryEmitNext(state);
        }
    }

    private void emitSession(Session session) {
        synchronized (sessions) {
            sessions.tryEmitNext(session);
        }
    }

    // ---- the end ----

    /** Ends the session that is open in order, and opens no other. */
    @Override
    public void dispose() {
        Session open;
        Sinks.One<Session> waiting;
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            open = present;
            present = null;
            waiting = ready;
            ready = Sinks.one();
        }
        connecting.dispose();
        ConnectionLostException closed =
                new ConnectionLostException("the reconnecting session was disposed", CloseReason.NORMAL, 0, null);
        waiting.tryEmitError(closed);
        current().tryEmitError(closed);
        emit(new ConnectionState(Kind.CLOSED, 0, open, CloseReason.NORMAL, null));
        synchronized (states) {
            states.tryEmitComplete();
        }
        synchronized (sessions) {
            sessions.tryEmitComplete();
        }
        if (open != null) {
            open.close().subscribe();
        }
    }

    @Override
    public synchronized boolean isDisposed() {
        return ended;
    }
}
