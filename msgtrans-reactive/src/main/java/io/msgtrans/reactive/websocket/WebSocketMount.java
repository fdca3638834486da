package io.msgtrans.reactive.websocket;

import io.msgtrans.reactive.spi.SessionContext;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.security.Principal;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * A place on an HTTP server of the application's own, where sessions come from WebSocket upgrades. It belongs to one {@code
 * TransportServer}, which then binds no socket for that address.
 *
 * <pre>{@code
 * WebSocketMount mount = WebSocketMount.create();
 * TransportServer.create()
 *     .listen("ws://app:0/prices", options -> options.with(WebSocketOptions.MOUNT, mount))
 *     .handle(session -> ...)
 *     .bindNow();
 * HttpServer.create().route(routes -> routes.get("/prices", mount)).bindNow();
 * }</pre>
 *
 * <p>While no server is bound to it, and when that drains, upgrades are answered with 503. Limits of sessions count from the
 * upgrade on.
 */
public final class WebSocketMount implements BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> {

    /** No mount: the endpoint listens on a socket. */
    static final WebSocketMount NONE = new WebSocketMount();

    private final AtomicReference<@Nullable SessionContext> context = new AtomicReference<>();

    private WebSocketMount() {}

    /** A place that no server is bound to yet. */
    public static WebSocketMount create() {
        return new WebSocketMount();
    }

    void attach(SessionContext server) {
        if (!context.compareAndSet(null, server)) {
            throw new IllegalStateException("a server is bound to this mount already");
        }
    }

    void detach(SessionContext server) {
        context.compareAndSet(server, null);
    }

    /** Upgrades a request; called by the HTTP server on its event loop. */
    @Override
    public Publisher<Void> apply(HttpServerRequest request, HttpServerResponse response) {
        return upgrade(request, response, null);
    }

    /**
     * Upgrades a request of somebody whom the application knows already.
     *
     * @param principal who it is, for {@code Session.principal()}; the server's own authentication is asked when it is {@code null}
     */
    public Publisher<Void> upgrade(
            HttpServerRequest request, HttpServerResponse response, @Nullable Principal principal) {
        SessionContext server = context.get();
        boolean[] admitted = new boolean[1];
        if (server != null) {
            request.withConnection(connection -> admitted[0] = server.admit(connection.channel()));
        }
        return server == null || !admitted[0]
                ? response.status(HttpResponseStatus.SERVICE_UNAVAILABLE).send()
                : WebSocketTransport.upgrade(server, request, response, principal);
    }
}
