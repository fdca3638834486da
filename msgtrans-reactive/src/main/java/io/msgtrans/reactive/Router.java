package io.msgtrans.reactive;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * Gives packets, requests and streams to handlers by their {@link Route}, as values of their types. Immutable: each method
 * returns a changed copy; a later handler of the same kind and route takes the place of an earlier one.
 *
 * <pre>{@code
 * Router router = Router.create()
 *     .onRequest(Route.tag("time"), Codec.TEXT, Codec.TEXT, (session, zone) -> timeIn(zone))
 *     .onRequestStream(Route.bizType(7), Codec.TEXT, Codec.TEXT, (session, symbol) -> prices(symbol));
 * TransportServer.create().session(o -> o.streams(router)).handle(router::handle)...
 * }</pre>
 *
 * <p>Handlers are called on the event loop. What a request's handler fails with, or that there is none, is answered with a
 * {@link PeerException} where the peer agreed on our extensions ({@link Session#isExtended()}); other peers get no answer, and
 * it is logged.
 */
public final class Router implements StreamHandler {

    private static final Logger log = Loggers.getLogger(Router.class);

    /** Packets of one session whose handlers are at work; then the session is not read any more. */
    private static final int CONCURRENCY = 256;

    private enum Kind {
        PACKET,
        REQUEST,
        REQUEST_STREAM,
        SEND_STREAM,
        CHANNEL
    }

    private record Key(Kind kind, Route route) {}

    /** Takes the packet, or the items, in; gives packets out. */
    @FunctionalInterface
    private interface Handler {
        Publisher<Packet> handle(Session session, @Nullable Packet packet, Flux<Packet> items);
    }

    private final Map<Key, Handler> handlers;

    private Router(Map<Key, Handler> handlers) {
        this.handlers = handlers;
    }

    /** A router without routes. */
    public static Router create() {
        return new Router(Map.of());
    }

    private Router with(Kind kind, Route route, Handler handler) {
        Map<Key, Handler> more = new HashMap<>(handlers);
        more.put(new Key(kind, route), handler);
        return new Router(Map.copyOf(more));
    }

    // ---- routes ----

    /** One-way packets. What the handler fails with is logged. */
    public <I> Router onPacket(Route route, Codec<I> in, BiFunction<Session, I, Publisher<Void>> handler) {
        return with(
                Kind.PACKET,
                route,
                (session, packet, items) ->
                        Flux.from(handler.apply(session, decode(in, packet))).cast(Packet.class));
    }

    /** Requests. */
    public <I, O> Router onRequest(Route route, Codec<I> in, Codec<O> out, BiFunction<Session, I, Mono<O>> handler) {
        return with(
                Kind.REQUEST,
                route,
                (session, packet, items) ->
                        handler.apply(session, decode(in, packet)).map(value -> encode(out, value)));
    }

    /** Streams that one packet asks for. */
    public <I, O> Router onRequestStream(
            Route route, Codec<I> in, Codec<O> out, BiFunction<Session, I, Publisher<O>> handler) {
        return with(
                Kind.REQUEST_STREAM,
                route,
                (session, packet, items) ->
                        Flux.from(handler.apply(session, decode(in, packet))).map(value -> encode(out, value)));
    }

    /** Streams that get one answer; their route is that of the first packet. */
    public <I, O> Router onSendStream(
            Route route, Codec<I> in, Codec<O> out, BiFunction<Session, Flux<I>, Mono<O>> handler) {
        return with(
                Kind.SEND_STREAM,
                route,
                (session, packet, items) -> handler.apply(session, items.map(item -> in.decode(item.payload())))
                        .map(value -> encode(out, value)));
    }

    /** Streams in both directions; their route is that of the first packet. */
    public <I, O> Router onChannel(
            Route route, Codec<I> in, Codec<O> out, BiFunction<Session, Flux<I>, Publisher<O>> handler) {
        return with(
                Kind.CHANNEL,
                route,
                (session, packet, items) -> Flux.from(
                                handler.apply(session, items.map(item -> in.decode(item.payload()))))
                        .map(value -> encode(out, value)));
    }

    private static <I> I decode(Codec<I> codec, @Nullable Packet packet) {
        return codec.decode(Objects.requireNonNull(packet).payload());
    }

    private static <O> Packet encode(Codec<O> codec, O value) {
        return Packet.oneWay(codec.encode(value));
    }

    private Handler find(Kind kind, Packet packet) {
        Route route = Route.of(packet);
        Handler handler = handlers.get(new Key(kind, route));
        if (handler == null) {
            throw new PeerException(PeerException.NO_HANDLER, "no handler for " + route);
        }
        return handler;
    }

    // ---- what arrives ----

    /** What a server or client does with a session: {@code handle(router::handle)}. */
    public Publisher<Void> handle(Session session) {
        return session.receive().flatMap(packet -> handled(session, packet), CONCURRENCY);
    }

    private Mono<Void> handled(Session session, Packet packet) {
        boolean request = packet.type() == PacketType.REQUEST;
        Mono<Void> work = Mono.defer(() -> {
            Publisher<Packet> result =
                    find(request ? Kind.REQUEST : Kind.PACKET, packet).handle(session, packet, Flux.empty());
            return request
                    ? Mono.from(result).flatMap(answer -> session.reply(packet, answer.payload()))
                    : Flux.from(result).then();
        });
        return request ? answered(session, packet, traced(session, packet, work)) : guarded(session, null, work);
    }

    private static Mono<Void> traced(Session session, Packet request, Mono<Void> work) {
        Tracing tracing = session.tracing();
        return tracing == null ? work : Mono.from(tracing.handle(session, request, work));
    }

    /** Within the caller's time, and no longer than it waits. */
    private static Mono<Void> answered(Session session, Packet request, Mono<Void> work) {
        Mono<Void> inTime = work;
        Deadline deadline = request.metadata().deadline();
        if (deadline != null) {
            inTime = inTime.timeout(
                    deadline.remaining(),
                    Mono.error(() -> new PeerException(
                            PeerException.DEADLINE_PASSED, "the deadline of the request has passed")));
        }
        Mono<Void> guarded = guarded(session, request, inTime);
        if (session.isExtended()) {
            guarded = guarded.takeUntilOther(session.cancelled(request));
        }
        return request.metadata().isEmpty() ? guarded : guarded.contextWrite(request.metadata()::putInto);
    }

    private static Mono<Void> guarded(Session session, @Nullable Packet request, Mono<Void> work) {
        return work.onErrorResume(
                error -> !(error instanceof ConnectionLostException), error -> failed(session, request, error));
    }

    private static Mono<Void> failed(Session session, @Nullable Packet request, Throwable error) {
        if (request == null || !session.isExtended()) {
            log.warn("{}: a handler failed, and its peer is not told", session, error);
            return Mono.empty();
        }
        if (!(error instanceof PeerException)) {
            log.warn("{}: a handler failed", session, error);
        }
        int code = error instanceof PeerException typed ? typed.code() : PeerException.APPLICATION;
        return session.replyError(request, code, String.valueOf(error.getMessage()))
                .onErrorComplete(ConnectionLostException.class);
    }

    @Override
    public Publisher<Packet> requestStream(Session session, Packet request) {
        return find(Kind.REQUEST_STREAM, request).handle(session, request, Flux.empty());
    }

    @Override
    public Mono<Packet> sendStream(Session session, Flux<Packet> items) {
        return Mono.from(byFirst(Kind.SEND_STREAM, session, items));
    }

    @Override
    public Publisher<Packet> channel(Session session, Flux<Packet> items) {
        return byFirst(Kind.CHANNEL, session, items);
    }

    private Flux<Packet> byFirst(Kind kind, Session session, Flux<Packet> items) {
        return items.switchOnFirst((signal, all) -> {
            Packet first = signal.get();
            return first == null ? all : find(kind, first).handle(session, null, all);
        });
    }
}
