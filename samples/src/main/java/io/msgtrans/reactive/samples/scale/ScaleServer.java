package io.msgtrans.reactive.samples.scale;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The server of a scale run: counts what comes, broadcasts when it is asked to, and tells its state. */
public final class ScaleServer implements Disposable {

    /** Biz types: a packet that is only counted; requests for the state, with a collection before it or without; and for broadcasts. */
    static final int COUNTED = 1;

    static final int STATE = 2;
    static final int STATE_COLLECTED = 3;
    static final int BROADCAST = 4;

    private static final int BROADCAST_BYTES = 128;
    private static final Duration STOP = Duration.ofSeconds(30);

    private final Group all = Groups.create().group("all");
    private final LongAdder packets = new LongAdder();
    private final BoundServer server;

    private ScaleServer(String uri, UnaryOperator<EndpointOptions> options) {
        server = TransportServer.create()
                .maxSessions(1_000_000)
                .listen(uri, options)
                .handle(this::handle)
                .bindNow();
    }

    /** Starts one. */
    public static ScaleServer start(String uri, UnaryOperator<EndpointOptions> options) {
        return new ScaleServer(uri, options);
    }

    /** Where it listens. */
    public URI uri() {
        return server.uri();
    }

    private Publisher<Void> handle(Session session) {
        all.join(session);
        return session.receiveBorrowed()
                .filter(this::isRequest)
                .map(Packet::retain)
                .concatMap(request -> answer(session, request).doFinally(end -> request.release()));
    }

    private boolean isRequest(Packet packet) {
        if (packet.type() != PacketType.REQUEST) {
            packets.increment();
            return false;
        }
        return true;
    }

    private Mono<Void> answer(Session session, Packet request) {
        return switch (request.bizType()) {
            case STATE, STATE_COLLECTED ->
                Mono.fromCallable(() -> ServerState.now(
                                request.bizType() == STATE_COLLECTED, server.sessionCount(), packets.sum()))
                        .subscribeOn(Schedulers.boundedElastic())
                        .flatMap(state -> session.reply(request, state.toText()));
            case BROADCAST ->
                all.broadcast(Flux.range(0, Integer.parseInt(request.payloadText()))
                                .map(i -> Packet.oneWay(new byte[BROADCAST_BYTES])))
                        .then(session.reply(request, "sent"));
            default -> session.reply(request, "?");
        };
    }

    @Override
    public void dispose() {
        server.dispose();
        server.onDispose().block(STOP);
    }
}
