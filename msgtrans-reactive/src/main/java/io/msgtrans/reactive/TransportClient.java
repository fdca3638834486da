package io.msgtrans.reactive;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.channel.Role;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.monitor.Timings;
import io.msgtrans.reactive.spi.Connection;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.spi.SessionContext;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.netty.resources.LoopResources;

/** Describes a client of one address. Immutable: each method returns a changed copy. */
public final class TransportClient implements Cloneable {

    private final URI uri;

    // Never written after the copy that a method returns has left it.
    private EndpointOptions endpoint = EndpointOptions.DEFAULTS;
    private SessionOptions options = SessionOptions.DEFAULTS;
    private @Nullable Preset preset;
    private LoopResources loops = SharedLoops.client();
    private Supplier<? extends @Nullable Packet> credentials = () -> null;
    /** Shared by all copies. */
    private final ClientActivity activity = new ClientActivity();

    private TransportClient(URI uri) {
        this.uri = uri;
    }

    /**
     * A client of {@code scheme://host:port}.
     *
     * @throws IllegalArgumentException for an address that is no such URI or a scheme that no transport serves
     */
    public static TransportClient create(String uri) {
        URI parsed = Transports.parse(uri);
        Transports.find(parsed);
        return new TransportClient(parsed);
    }

    /** The address. */
    public URI uri() {
        return uri;
    }

    /** Changes the options of the address: TLS, time limits, the transport's own. */
    public TransportClient endpoint(UnaryOperator<EndpointOptions> change) {
        TransportClient copy = copy();
        copy.endpoint = change.apply(endpoint);
        return copy;
    }

    /**
     * Sets what the preset has a say in: the options of the sessions, the sockets, and event loops that all clients of this preset share.
     * What is set behind it wins. {@link Preset#pool} is for who makes a pool.
     */
    public TransportClient preset(Preset preset) {
        TransportClient copy = copy();
        copy.options = preset.session(options);
        copy.preset = preset;
        copy.loops = SharedLoops.of(preset.eventLoops().name("msgtrans-client"));
        copy.endpoint = Transports.preset(uri, endpoint, preset, copy.loops);
        return copy;
    }

    /** Changes the options of the sessions. */
    public TransportClient session(UnaryOperator<SessionOptions> change) {
        TransportClient copy = copy();
        copy.options = change.apply(options);
        return copy;
    }

    /**
     * What this side says of itself first on each connection: a request, whose answer is waited for before the session is given.
     * For servers with {@code Authentication.byFirstPacket}, which refuse it with {@link AuthenticationException}.
     *
     * @param request called for each connection, so that tokens can be fresh; must not block
     */
    public TransportClient credentials(Supplier<Packet> request) {
        TransportClient copy = copy();
        copy.credentials = Objects.requireNonNull(request, "credentials");
        return copy;
    }

    /** The options of the sessions. */
    public SessionOptions sessionOptions() {
        return options;
    }

    /** What this client did so far, and all that were derived from the same {@link #create}. */
    public ClientStats stats() {
        return activity.stats();
    }

    /** How long connecting and requests take, of this client and all that were derived from the same {@link #create}. */
    public Timings timings() {
        return activity.timings;
    }

    /** The event loops to run on, which the caller disposes; by default a set that all clients of the process share. */
    public TransportClient runOn(LoopResources loops) {
        TransportClient copy = copy();
        copy.loops = Objects.requireNonNull(loops, "loops");
        copy.endpoint = Transports.onLoops(endpoint, preset, loops);
        return copy;
    }

    /**
     * Opens a session for each subscriber. Fails with {@link ConnectFailedException}, after {@link
     * EndpointOptions#connectTimeout()} at the latest, or with {@link AuthenticationException}. Cancel gives up.
     */
    public Mono<Session> connect() {
        return new SessionOpening(this::open, endpoint.connectTimeout())
                .onErrorMap(
                        error -> !(error instanceof ConnectFailedException || error instanceof AuthenticationException),
                        this::failed)
                .doOnError(error -> activity.failed());
    }

    private Mono<Session> open(Consumer<Session> opened) {
        return Mono.defer(() -> {
                    Transports.checkOptions(uri, endpoint);
                    long startNanos = System.nanoTime();
                    return Transports.find(uri).connect(new Context()).doOnNext(session -> {
                        opened.accept(session);
                        timings().handshakes().recordEach(System.nanoTime() - startNanos);
                    });
                })
                .flatMap(this::requireExtensions)
                .flatMap(this::introduce);
    }

    private Mono<Session> requireExtensions(Session session) {
        if (session.isExtended() || endpoint.extensions() != Extensions.ON) {
            return Mono.just(session);
        }
        session.dispose();
        return Mono.error(new ConnectFailedException(
                uri, uri + " does not know our wire extensions, which option extensions demands", null));
    }

    private Mono<Session> introduce(Session session) {
        Packet introduction = credentials.get();
        if (introduction == null) {
            return Mono.just(session);
        }
        return session.request(introduction, endpoint.connectTimeout())
                .thenReturn(session)
                .onErrorMap(
                        TransportClient::isRefusal, no -> new AuthenticationException(uri + " does not let us in", no))
                .doFinally(signal -> {
                    if (signal != SignalType.ON_COMPLETE) {
                        session.dispose(); // behind the cancel of the request
                    }
                });
    }

    private static boolean isRefusal(Throwable error) {
        return (error instanceof PeerException peer && peer.code() == PeerException.UNAUTHENTICATED)
                || (error instanceof ConnectionLostException lost
                        && lost.reason().code() == Admission.UNAUTHENTICATED);
    }

    /** {@link #connect()}, waiting for it; not to be called on an event loop. */
    public Session connectNow() {
        Duration limit = endpoint.connectTimeout().plusSeconds(5);
        return Objects.requireNonNull(connect().block(limit), "connect gave no session");
    }

    private ConnectFailedException failed(Throwable error) {
        String what = error instanceof TimeoutException
                ? "not open within " + endpoint.connectTimeout() + " (option connectTimeout)"
                : Causes.describe(error);
        return new ConnectFailedException(uri, "cannot connect to " + uri + ": " + what, error);
    }

    private final class Context implements SessionContext {

        @Override
        public URI uri() {
            return uri;
        }

        @Override
        public EndpointOptions endpoint() {
            return endpoint;
        }

        @Override
        public SessionOptions options() {
            return options;
        }

        @Override
        public LoopResources loops() {
            return loops;
        }

        @Override
        public boolean admit(Channel channel, SocketAddress remote) {
            return true;
        }

        @Override
        public SessionHandler handler(Framing framing, @Nullable Connection connection, boolean extended) {
            return new SessionHandler(
                            SharedLoops::nextClientSessionId,
                            uri.getScheme(),
                            options,
                            framing,
                            Role.client(extended),
                            connection,
                            (session, opened) -> activity.opened(session))
                    .measure(activity.timings);
        }
    }

    private TransportClient copy() {
        try {
            return (TransportClient) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
