package io.msgtrans.reactive;

import io.msgtrans.reactive.ServerEvent.Kind;
import io.msgtrans.reactive.admission.Handshake;
import io.msgtrans.reactive.channel.Role;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.health.PeerLoad;
import io.msgtrans.reactive.monitor.Timings;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.spi.Listener;
import io.msgtrans.reactive.spi.PeerIdentity;
import io.msgtrans.reactive.spi.SessionContext;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;
import reactor.util.Logger;
import reactor.util.Loggers;

/** A bound server: its listeners, its sessions, and the places that are left. Used from all event loops. */
final class RunningServer implements BoundServer {

    private static final Logger log = Loggers.getLogger(TransportServer.class);
    private static final AttributeKey<Boolean> OPENED = AttributeKey.valueOf("msgtrans.opened");
    private static final AttributeKey<Long> ADMITTED = AttributeKey.valueOf("msgtrans.admitted");

    private final TransportServer config;
    private final Admission admission;
    private volatile SessionOptions options;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final SlotRegistry<Session> sessions = new SlotRegistry<>();
    private final EventHub<ServerEvent> events = new EventHub<>();
    /** Accepted and not closed, those in their handshake included. */
    private final Set<Channel> channels = ConcurrentHashMap.newKeySet();

    private final AtomicInteger places = new AtomicInteger();
    private final ConcurrentHashMap<InetAddress, Integer> placesByAddress = new ConcurrentHashMap<>();
    private final CpuLoad cpu = CpuLoad.OF_THIS_MACHINE;
    private final LongAdder refused = new LongAdder();
    private final LongAdder handshakesFailed = new LongAdder();
    private final LongAdder protocolErrors = new LongAdder();
    private final LongAdder handlersFailed = new LongAdder();
    /** By scheme. */
    private final Map<String, SessionTally> tallies = new ConcurrentHashMap<>();

    private final Timings timings = new Timings();
    private final Set<EventExecutor> eventLoops = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean stopping = new AtomicBoolean();
    /** Whether what opens while it stops is drained instead of being cut. */
    private volatile boolean draining;

    private final Sinks.Empty<Void> disposed = Sinks.empty();
    private final Sinks.Empty<Void> empty = Sinks.empty();

    RunningServer(TransportServer config) {
        this.config = config;
        this.options = config.options();
        this.admission = new Admission(config.admission(), config.authentication());
    }

    Mono<Void> listen(TransportServer.Endpoint endpoint) {
        return Mono.defer(() -> {
                    Transports.checkOptions(endpoint.uri(), endpoint.options());
                    return withoutFiles(endpoint)
                            .flatMap(read -> Transports.find(endpoint.uri()).listen(new Context(read)));
                })
                .onErrorMap(
                        error -> !(error instanceof TransportException),
                        error -> new BindFailedException(
                                endpoint.uri(),
                                "cannot listen on " + endpoint.uri() + ": " + Causes.describe(error),
                                error))
                .doOnNext(listener -> {
                    listeners.add(listener);
                    if (stopping.get()) {
                        stopAccepting(listener).then(listener.close()).subscribe();
                    }
                })
                .then();
    }

    /** The PEM files are read, and looked after until the server ends. */
    private Mono<TransportServer.Endpoint> withoutFiles(TransportServer.Endpoint endpoint) {
        if (!endpoint.options().hasTls()) {
            return Mono.just(endpoint);
        }
        return Mono.fromCallable(() -> {
                    CertificateFiles files = new CertificateFiles(endpoint.options());
                    disposed.asMono().doFinally(end -> files.dispose()).subscribe(nothing -> {}, error -> {});
                    return new TransportServer.Endpoint(endpoint.uri(), files.endpoint());
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    private final class Context implements SessionContext {
        private final TransportServer.Endpoint endpoint;

        Context(TransportServer.Endpoint endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public URI uri() {
            return endpoint.uri();
        }

        @Override
        public EndpointOptions endpoint() {
            return endpoint.options();
        }

        @Override
        public SessionOptions options() {
            return options;
        }

        @Override
        public LoopResources loops() {
            return config.loops();
        }

        @Override
        public boolean admit(Channel channel, SocketAddress remote) {
            return RunningServer.this.admit(channel, remote, endpoint.options().handshakeTimeout());
        }

        @Override
        public SessionHandler handler(Framing framing, @Nullable Connection connection, boolean extended) {
            return new SessionHandler(
                            sessions::reserve,
                            endpoint.uri().getScheme(),
                            options,
                            framing,
                            Role.server(extended, RunningServer.this::load),
                            connection,
                            this::opened)
                    .limit(admission::gate)
                    .measure(timings);
        }

        @Override
        public void refused(SocketAddress remote) {
            RunningServer.this.refused(remote);
        }

        @Override
        public Mono<PeerIdentity> authenticate(Handshake handshake) {
            return admission
                    .authenticateUpgrade(handshake)
                    .doOnError(error -> RunningServer.this.refused(handshake.remoteAddress()));
        }

        private void opened(Session session, Connection connection) {
            connection.channel().attr(OPENED).set(true);
            Long admitted = connection.channel().attr(ADMITTED).getAndSet(null);
            if (admitted != null) {
                timings.handshakes().recordEach(System.nanoTime() - admitted);
            }
            eventLoops.add(connection.channel().eventLoop());
            RunningServer.this.opened(session, connection);
        }
    }

    // ---- places ----

    private boolean admit(Channel channel, SocketAddress remote, Duration handshakeTimeout) {
        if (places.incrementAndGet() > config.maxSessions() || stopping.get()) {
            giveBack(null);
            refused(remote);
            return false;
        }
        InetAddress address = remote instanceof InetSocketAddress inet ? inet.getAddress() : null;
        if (address != null && !admission.admitsConnection(address)) {
            giveBack(null);
            refused(remote);
            return false;
        }
        if (address != null && placesByAddress.merge(address, 1, Integer::sum) > config.maxSessionsPerAddress()) {
            giveBack(address);
            refused(remote);
            return false;
        }
        var timeout = channel.eventLoop()
                .schedule(
                        () -> {
                            if (channel.attr(OPENED).get() == null) {
                                channel.close();
                            }
                        },
                        handshakeTimeout.toMillis(),
                        TimeUnit.MILLISECONDS);
        channel.attr(ADMITTED).set(System.nanoTime());
        channels.add(channel);
        channel.closeFuture().addListener(closed -> {
            timeout.cancel(false);
            channels.remove(channel);
            if (channel.attr(OPENED).get() == null) {
                handshakesFailed.increment();
                if (events.isWatched()) {
                    events.emit(new ServerEvent(Kind.HANDSHAKE_FAILED, null, remote, null, null));
                }
            }
            giveBack(address);
        });
        return true;
    }

    private void refused(SocketAddress remote) {
        refused.increment();
        if (events.isWatched()) {
            events.emit(new ServerEvent(Kind.REFUSED, null, remote, null, null));
        }
    }

    private void giveBack(@Nullable InetAddress address) {
        if (address != null) {
            placesByAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
        }
        places.decrementAndGet();
        endIfEmpty();
    }

    private void endIfEmpty() {
        if (stopping.get() && places.get() == 0 && sessions.size() == 0) {
            empty.tryEmitEmpty();
        }
    }

    // ---- sessions ----

    private void opened(Session session, Connection connection) {
        tally(session.scheme()).opened();
        sessions.set(session.id(), session);
        if (options != config.options()) {
            session.reconfigure(options); // they may have changed while it was opening
        }
        if (!admission.mustAuthenticate(connection)) {
            begin(session);
            return;
        }
        session.onClose().subscribe(reason -> ended(session, reason));
        admission
                .authenticate(session, connection)
                .subscribe(
                        nothing -> {},
                        error -> notLetIn(session, error),
                        () -> connection.channel().eventLoop().execute(() -> begin(session)));
    }

    private SessionTally tally(String scheme) {
        return tallies.computeIfAbsent(scheme, any -> new SessionTally());
    }

    private void notLetIn(Session session, Throwable error) {
        if (session.isOpen()) {
            refused(session.remoteAddress());
            log.debug("{}: not let in", session, error);
        }
        session.close(new CloseReason(CloseReason.Kind.LOCAL, Admission.UNAUTHENTICATED, "not let in"))
                .subscribe();
    }

    /** The session's handler is called. */
    private void begin(Session session) {
        Group group = config.group();
        if (group != null) {
            group.join(session);
        }
        if (events.isWatched()) {
            events.emit(new ServerEvent(Kind.OPENED, session, session.remoteAddress(), null, null));
            session.writable()
                    .filter(writable -> !writable)
                    .subscribe(full ->
                            events.emit(new ServerEvent(Kind.SLOW, session, session.remoteAddress(), null, null)));
        }
        if (draining) {
            session.drain().subscribe();
        } else if (stopping.get()) {
            session.dispose();
        }
        Disposable.Swap handling = Disposables.swap();
        session.onClose().subscribe(reason -> {
            ended(session, reason);
            if (events.isWatched()) {
                events.emit(new ServerEvent(Kind.CLOSED, session, session.remoteAddress(), reason, null));
            }
            handling.dispose();
        });
        handling.update(Mono.defer(() -> Mono.from(config.handler().apply(session)))
                .subscribe(
                        nothing -> {},
                        error -> handlerFailed(session, error),
                        () -> session.close().subscribe()));
    }

    /** Once for each session, also where two look. */
    private void ended(Session session, CloseReason reason) {
        if (sessions.remove(session.id()) == null) {
            return;
        }
        tally(session.scheme()).closed(session);
        if (reason.kind() == CloseReason.Kind.PROTOCOL) {
            protocolErrors.increment();
        }
        endIfEmpty();
    }

    private void handlerFailed(Session session, Throwable error) {
        if (error instanceof ConnectionLostException && session.closeReason() != null) {
            return; // it learns of the end of its session, and is not its cause
        }
        handlersFailed.increment();
        if (events.isWatched()) {
            events.emit(new ServerEvent(Kind.HANDLER_FAILED, session, session.remoteAddress(), null, error));
        }
        if (!(error instanceof TransportException)) {
            log.warn("{}: its handler failed, the session is closed", session, error);
        }
        session.close(new CloseReason(CloseReason.Kind.ERROR, 1011, "the handler failed"))
                .subscribe();
    }

    @Override
    public List<URI> uris() {
        return listeners.stream().map(Listener::uri).toList();
    }

    @Override
    public @Nullable Session session(long id) {
        return sessions.get(id);
    }

    @Override
    public Collection<Session> sessions() {
        return sessions.values();
    }

    @Override
    public int sessionCount() {
        return sessions.size();
    }

    /** What sessions tell their peers when these ask for a sign of life. */
    private PeerLoad load() {
        return new PeerLoad(cpu.load(), sessions.size(), stopping.get());
    }

    @Override
    public ServerStats stats() {
        Map<String, ServerStats.Protocol> protocols = new TreeMap<>();
        listeners.forEach(listener -> protocols.put(listener.uri().getScheme(), ServerStats.Protocol.NONE));
        tallies.forEach((scheme, tally) ->
                protocols.put(scheme, new ServerStats.Protocol(0, tally.openedCount(), tally.closedTraffic())));
        for (Session session : sessions.values()) {
            protocols.computeIfPresent(
                    session.scheme(),
                    (scheme, sum) -> new ServerStats.Protocol(
                            sum.sessions() + 1, sum.opened(), sum.traffic().plus(session.stats())));
        }
        long opened = 0;
        SessionStats traffic = SessionStats.ZERO;
        for (ServerStats.Protocol protocol : protocols.values()) {
            opened += protocol.opened();
            traffic = traffic.plus(protocol.traffic());
        }
        return new ServerStats(
                sessions.size(),
                opened,
                refused.sum(),
                handshakesFailed.sum(),
                protocolErrors.sum(),
                handlersFailed.sum(),
                traffic,
                protocols);
    }

    @Override
    public synchronized void reconfigure(UnaryOperator<SessionOptions> change) {
        SessionOptions changed = change.apply(options);
        options = changed;
        sessions.values().forEach(session -> session.reconfigure(changed));
    }

    @Override
    public SessionOptions sessionOptions() {
        return options;
    }

    @Override
    public Timings timings() {
        return timings;
    }

    @Override
    public Set<EventExecutor> eventLoops() {
        return Set.copyOf(eventLoops);
    }

    @Override
    public Flux<ServerEvent> events(EventOptions options) {
        return events.events(options);
    }

    // ---- end ----

    @Override
    public Mono<Void> drain(Duration deadline) {
        if (events.isWatched()) {
            events.emit(new ServerEvent(Kind.DRAINING, null, null, null, null));
        }
        Mono<Void> sessionsGone = Flux.fromIterable(sessions.values())
                .flatMap(session -> session.drain().onErrorComplete(), Integer.MAX_VALUE)
                .then()
                .timeout(deadline, Mono.empty());
        draining = true;
        stopListening()
                .then(Mono.defer(() -> sessionsGone))
                .doFinally(signal -> {
                    draining = false;
                    cutSessions();
                })
                .subscribe(nothing -> {}, error -> log.warn("drain failed", error));
        return onDispose();
    }

    @Override
    public void dispose() {
        draining = false;
        stopListening().subscribe(nothing -> {}, error -> log.warn("a listener could not be closed", error));
        cutSessions();
    }

    private Mono<Void> stopListening() {
        if (!stopping.compareAndSet(false, true)) {
            return disposed.asMono();
        }
        Mono<Void> closed = Flux.fromIterable(listeners)
                .flatMap(RunningServer::stopAccepting, Integer.MAX_VALUE)
                .then()
                .cache();
        endIfEmpty();
        Mono.when(closed, empty.asMono())
                .thenMany(Flux.fromIterable(listeners))
                .flatMap(Listener::close, Integer.MAX_VALUE)
                .doFinally(signal -> events.complete())
                .subscribe(nothing -> {}, disposed::tryEmitError, disposed::tryEmitEmpty);
        return closed;
    }

    private static Mono<Void> stopAccepting(Listener listener) {
        return listener.stopAccepting().onErrorResume(error -> {
            log.warn("{} could not stop accepting", listener.uri(), error);
            return Mono.empty();
        });
    }

    private void cutSessions() {
        sessions.values().forEach(Session::dispose);
        for (Channel channel : channels) {
            if (channel.attr(OPENED).get() == null) {
                channel.close();
            }
        }
    }

    @Override
    public boolean isDisposed() {
        return stopping.get();
    }

    @Override
    public Mono<Void> onDispose() {
        return disposed.asMono();
    }
}
