package io.msgtrans.reactive.dashboard;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.admission.Authentication;
import io.msgtrans.reactive.admission.Handshake;
import io.msgtrans.reactive.monitor.Monitor;
import io.msgtrans.reactive.websocket.WebSocketMount;
import io.msgtrans.reactive.websocket.WebSocketOptions;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.Principal;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Shows a monitor in a browser: a page without resources from elsewhere, fed over a WebSocket in our own packets.
 *
 * <pre>{@code
 * Dashboard.of(monitor, DashboardOptions.DEFAULTS).bindNow("127.0.0.1", 9090);   // http://127.0.0.1:9090/
 * HttpServer.create().route(routes -> dashboard.mount(routes, "/ops"))          // or on a server of the application's own
 * }</pre>
 *
 * <p>Without a token ({@link DashboardOptions#token}) only connections to a loopback address are served. Pages of other origins
 * cannot open the feed in either case.
 */
public final class Dashboard implements Disposable {

    private static final Duration FIRST_PACKET = Duration.ofSeconds(10);
    private static final int VIEWERS = 256;
    private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    private final DashboardOptions options;
    private final byte[] page;
    private final WebSocketMount feed = WebSocketMount.create();
    private final BoundServer viewers;

    private Dashboard(Monitor monitor, DashboardOptions options) {
        this.options = options;
        this.page = page();
        TransportServer server = TransportServer.create()
                .listen("ws://dashboard:0", endpoint -> endpoint.with(WebSocketOptions.MOUNT, feed))
                .maxSessions(VIEWERS)
                .handle(new DashboardFeed(monitor, options)::handle);
        if (!options.token().isEmpty()) {
            server = server.authentication(Authentication.byFirstPacket(FIRST_PACKET, this::check));
        }
        this.viewers = server.bindNow();
    }

    /** A dashboard of a monitor, which lives until {@link #dispose()}; the monitor stays its owner's. Waits for a moment. */
    public static Dashboard of(Monitor monitor, DashboardOptions options) {
        return new Dashboard(monitor, options);
    }

    private static byte[] page() {
        try (InputStream in = Dashboard.class.getResourceAsStream("dashboard.html")) {
            if (in == null) {
                throw new IllegalStateException("dashboard.html is missing beside " + Dashboard.class);
            }
            return in.readAllBytes();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /**
     * Serves it on an address of its own, port 0 for any free one.
     *
     * @throws IllegalArgumentException for an address that is not a loopback one, when there is no token
     */
    public Mono<DisposableServer> bind(String host, int port) {
        if (options.token().isEmpty() && !isLoopback(host)) {
            throw new IllegalArgumentException("a dashboard on " + host
                    + " needs a token (option token); without one it listens on 127.0.0.1 only");
        }
        return HttpServer.create()
                .host(host)
                .port(port)
                .route(routes -> mount(routes, ""))
                .bind()
                .map(bound -> bound);
    }

    /** {@link #bind}, waiting for it; not to be called on an event loop. */
    public DisposableServer bindNow(String host, int port) {
        DisposableServer bound = bind(host, port).block(Duration.ofSeconds(10));
        if (bound == null) {
            throw new IllegalStateException("no server on " + host + ":" + port);
        }
        return bound;
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException("unknown host " + host, unknown);
        }
    }

    /** Adds it to the routes of an HTTP server of the application's own, below a path such as {@code /ops}, or {@code ""}. */
    public void mount(HttpServerRoutes routes, String path) {
        routes.get(path + "/", this::page);
        routes.get(path + "/feed", this::feed);
        if (!path.isEmpty()) {
            routes.get(path, (request, response) -> response.sendRedirect(path + "/"));
        }
        Supplier<String> scrape = options.metrics();
        if (scrape != null) {
            routes.get(path + "/metrics", (request, response) -> metrics(scrape, request, response));
        }
    }

    // ---- requests ----

    private Publisher<Void> page(HttpServerRequest request, HttpServerResponse response) {
        if (!isServed(request)) {
            return refuse(response);
        }
        return response.header(HttpHeaderNames.CONTENT_TYPE, "text/html; charset=utf-8")
                .header(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .header(
                        "Content-Security-Policy",
                        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                                + "connect-src 'self' ws: wss:; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .sendByteArray(Mono.just(page));
    }

    private Publisher<Void> feed(HttpServerRequest request, HttpServerResponse response) {
        return isServed(request) && isOfOwnOrigin(request.requestHeaders())
                ? feed.apply(request, response)
                : refuse(response);
    }

    private Publisher<Void> metrics(Supplier<String> scrape, HttpServerRequest request, HttpServerResponse response) {
        String given = request.requestHeaders().get(HttpHeaderNames.AUTHORIZATION, "");
        if (!isServed(request) || (!options.token().isEmpty() && !isToken(given.replaceFirst("^Bearer ", "")))) {
            return refuse(response);
        }
        return response.header(HttpHeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
                .sendString(Mono.fromSupplier(scrape).subscribeOn(Schedulers.boundedElastic()));
    }

    private static Publisher<Void> refuse(HttpServerResponse response) {
        return response.status(HttpResponseStatus.FORBIDDEN)
                .header(HttpHeaderNames.CONNECTION, "close")
                .sendString(Mono.just("not served here: this machine only, by its own name, unless there is a token"));
    }

    /** Without a token: to a loopback address, under a name that no other site can have. */
    private boolean isServed(HttpServerRequest request) {
        if (!options.token().isEmpty()) {
            return true;
        }
        InetSocketAddress local = request.hostAddress();
        String host = request.requestHeaders().get(HttpHeaderNames.HOST, "").toLowerCase(Locale.ROOT);
        return local != null
                && local.getAddress() != null
                && local.getAddress().isLoopbackAddress()
                && OWN_NAMES.contains(host.replaceFirst(":\\d+$", ""));
    }

    /** A browser says from which page a script comes; others say nothing. */
    private static boolean isOfOwnOrigin(HttpHeaders headers) {
        String origin = headers.get(HttpHeaderNames.ORIGIN);
        String host = headers.get(HttpHeaderNames.HOST, "");
        return origin == null || origin.replaceFirst("^https?://", "").equalsIgnoreCase(host);
    }

    private boolean isToken(String given) {
        return MessageDigest.isEqual(
                given.getBytes(StandardCharsets.UTF_8), options.token().getBytes(StandardCharsets.UTF_8));
    }

    private Mono<Principal> check(Handshake handshake) {
        String given =
                handshake.firstPacket() == null ? "" : handshake.firstPacket().payloadText();
        return isToken(given) ? Mono.just(() -> "viewer") : Mono.empty();
    }

    /** Ends the feed of all viewers. HTTP servers that it is mounted on go on, and answer with 503. */
    @Override
    public void dispose() {
        viewers.dispose();
    }

    @Override
    public boolean isDisposed() {
        return viewers.isDisposed();
    }
}
