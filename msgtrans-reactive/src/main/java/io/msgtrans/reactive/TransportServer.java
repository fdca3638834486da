package io.msgtrans.reactive;

import io.msgtrans.reactive.admission.AdmissionOptions;
import io.msgtrans.reactive.admission.Authentication;
import io.msgtrans.reactive.group.Group;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * Describes a server: where it listens and what it does with each session. Immutable: each method returns a changed
 * copy.
 *
 * <pre>{@code
 * TransportServer.create()
 *     .listen("tcp://0.0.0.0:8001")
 *     .listen("ws://0.0.0.0:8002")
 *     .handle(session -> session.send(session.receive()))
 *     .bind();
 * }</pre>
 */
public final class TransportServer implements Cloneable {

    record Endpoint(URI uri, EndpointOptions options) {}

    // Never written after the copy that a method returns has left it.
    private List<Endpoint> endpoints = List.of();
    private SessionOptions options = SessionOptions.DEFAULTS;
    private AdmissionOptions admission = AdmissionOptions.NONE;
    private @Nullable Authentication authentication;
    private @Nullable Group group;
    private @Nullable Preset preset;
    private int maxSessions = 100_000;
    private int maxSessionsPerAddress = Integer.MAX_VALUE;
    private static final Duration BIND_TIMEOUT = Duration.ofSeconds(30);

    private Function<? super Session, ? extends Publisher<Void>> handler =
            session -> session.receive().then();
    private LoopResources loops = SharedLoops.server();

    private TransportServer() {}

    /** A server that listens nowhere yet, and reads and ignores what its sessions receive. */
    public static TransportServer create() {
        return new TransportServer();
    }

    /**
     * Listens on an address: {@code scheme://host:port}, port 0 for any free one, {@code mem://name} within the process.
     *
     * @throws IllegalArgumentException for an address that is no such URI or a scheme that no transport serves
     */
    public TransportServer listen(String uri) {
        return listen(uri, UnaryOperator.identity());
    }

    /** As {@link #listen(String)}, with options of this address. */
    public TransportServer listen(String uri, UnaryOperator<EndpointOptions> endpoint) {
        URI parsed = Transports.parse(uri);
        Transports.find(parsed);
        List<Endpoint> more = new ArrayList<>(endpoints);
        more.add(new Endpoint(
                parsed, endpoint.apply(Transports.preset(parsed, EndpointOptions.DEFAULTS, preset, loops))));
        TransportServer copy = copy();
        copy.endpoints = List.copyOf(more);
        return copy;
    }

    /**
     * Sets what the preset has a say in: sessions, their options, the sockets of all addresses, and event loops that all servers of this
     * preset share. What is set behind it wins. {@link Preset#monitor} is for who makes a monitor.
     */
    public TransportServer preset(Preset preset) {
        TransportServer copy = copy();
        copy.preset = preset;
        copy.maxSessions = preset.maxSessions();
        copy.options = preset.session(options);
        copy.loops = SharedLoops.of(preset.eventLoops().name("msgtrans-server"));
        copy.endpoints = endpoints.stream()
                .map(endpoint -> new Endpoint(
                        endpoint.uri(), Transports.preset(endpoint.uri(), endpoint.options(), preset, copy.loops)))
                .toList();
        return copy;
    }

    /** What was set, by the names of the options, with the preset's values and what was set behind them. */
    public Map<String, String> settings() {
        return Settings.of(preset, maxSessions, options, endpoints, loops);
    }

    /** Changes the options of the sessions. */
    public TransportServer session(UnaryOperator<SessionOptions> change) {
        TransportServer copy = copy();
        copy.options = change.apply(options);
        return copy;
    }

    /** Sessions at one time, handshakes included, over all addresses; default 100,000. One more is refused at accept. */
    public TransportServer maxSessions(int sessions) {
        TransportServer copy = copy();
        copy.maxSessions = SessionOptions.between("maxSessions", sessions, 1, 100_000_000);
        return copy;
    }

    /** Sessions at one time from one IP address, 1 or more; default without limit. One more is refused at accept. */
    public TransportServer maxSessionsPerAddress(int sessions) {
        TransportServer copy = copy();
        copy.maxSessionsPerAddress = SessionOptions.between("maxSessionsPerAddress", sessions, 1, Integer.MAX_VALUE);
        return copy;
    }

    /**
     * What to do with each session, called on its event loop. When the publisher completes the session is closed; when
     * it, or the call, fails, the session is closed with code 1011 and the error is logged. When the session ends first,
     * the publisher is cancelled.
     */
    public TransportServer handle(Function<? super Session, ? extends Publisher<Void>> handler) {
        TransportServer copy = copy();
        copy.handler = Objects.requireNonNull(handler, "handler");
        return copy;
    }

    /** How much peers may ask for; default {@link AdmissionOptions#NONE}. */
    public TransportServer admission(UnaryOperator<AdmissionOptions> change) {
        TransportServer copy = copy();
        copy.admission = change.apply(admission);
        return copy;
    }

    /** How it is found out who peers are; by default nobody asks. */
    public TransportServer authentication(Authentication authentication) {
        TransportServer copy = copy();
        copy.authentication = Objects.requireNonNull(authentication, "authentication");
        return copy;
    }

    /** Makes every session a member of a group when it opens, before its handler is called. */
    public TransportServer group(Group all) {
        TransportServer copy = copy();
        copy.group = Objects.requireNonNull(all, "group");
        return copy;
    }

    /** The event loops to run on, which the caller disposes; by default a set that all servers of the process share. */
    public TransportServer runOn(LoopResources loops) {
        TransportServer copy = copy();
        copy.loops = Objects.requireNonNull(loops, "loops");
        copy.endpoints = endpoints.stream()
                .map(endpoint -> new Endpoint(endpoint.uri(), Transports.onLoops(endpoint.options(), preset, loops)))
                .toList();
        return copy;
    }

    /**
     * Starts to listen, on all addresses or none. Fails with {@link BindFailedException}, or with {@code
     * IllegalStateException} when there is no address.
     */
    public Mono<BoundServer> bind() {
        return Mono.defer(() -> {
            if (endpoints.isEmpty()) {
                return Mono.error(new IllegalStateException("a server needs an address: listen(uri)"));
            }
            RunningServer server = new RunningServer(this);
            return Flux.fromIterable(endpoints)
                    .concatMap(server::listen)
                    .then(Mono.<BoundServer>just(server))
                    .timeout(BIND_TIMEOUT)
                    .onErrorResume(error -> {
                        server.dispose();
                        return server.onDispose().then(Mono.error(error));
                    })
                    .doOnCancel(server::dispose);
        });
    }

    /** {@link #bind()}, waiting for it; not to be called on an event loop. */
    public BoundServer bindNow() {
        return Objects.requireNonNull(bind().block(BIND_TIMEOUT.plusSeconds(5)), "bind gave no server");
    }

    SessionOptions options() {
        return options;
    }

    AdmissionOptions admission() {
        return admission;
    }

    @Nullable
    Authentication authentication() {
        return authentication;
    }

    int maxSessions() {
        return maxSessions;
    }

    int maxSessionsPerAddress() {
        return maxSessionsPerAddress;
    }

    Function<? super Session, ? extends Publisher<Void>> handler() {
        return handler;
    }

    @Nullable
    Group group() {
        return group;
    }

    LoopResources loops() {
        return loops;
    }

    private TransportServer copy() {
        try {
            return (TransportServer) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
