package io.msgtrans.reactive.samples.cache;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.delivery.AcknowledgedReceiver;
import io.msgtrans.reactive.delivery.AcknowledgedSender;
import io.msgtrans.reactive.delivery.Delivery;
import io.msgtrans.reactive.delivery.DeliveryOptions;
import io.msgtrans.reactive.delivery.DeliveryOptions.WhenFull;
import io.msgtrans.reactive.health.HeartbeatOptions;
import io.msgtrans.reactive.reconnect.ConnectionState;
import io.msgtrans.reactive.reconnect.ReconnectOptions;
import io.msgtrans.reactive.reconnect.ReconnectingSession;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.Logger;
import reactor.util.Loggers;

/**
 * One node: answers clients, and hands every write to the other nodes with acknowledgement.
 *
 * <p>A write is answered when every node that is connected has it, so that any of them may be asked next. A node that is away gets
 * what it missed when it comes back, and answers nobody until it has it: first everything from one node, then what waits for it
 * at each.
 */
public final class CacheNode implements Disposable {

    private static final Logger log = Loggers.getLogger(CacheNode.class);
    private static final int CONCURRENT = 1024;
    /** How long a write waits for other nodes before it is answered with an error. */
    private static final Duration REPLICATION_TIMEOUT = Duration.ofSeconds(2);

    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(15);
    private static final ReconnectOptions RECONNECT = ReconnectOptions.DEFAULTS
            .minBackoff(Duration.ofMillis(50))
            .maxBackoff(Duration.ofMillis(500))
            .attempts(Integer.MAX_VALUE);
    private static final DeliveryOptions DELIVERY = DeliveryOptions.DEFAULTS
            .window(65_536, 64L << 20)
            .whenFull(WhenFull.DROP_OLDEST)
            .inFlight(1024);

    private final CacheStore store;
    private final List<Peer> peers = new ArrayList<>();
    private final AcknowledgedReceiver receiver = AcknowledgedReceiver.create();
    private final BoundServer server;

    /** Whether everything is here that the other nodes have. */
    private volatile boolean caughtUp;

    /** The way to another node. */
    private static final class Peer {
        private final String uri;
        private final ReconnectingSession connection;
        private final AcknowledgedSender sender;
        private volatile boolean connected;

        Peer(String uri) {
            this.uri = uri;
            this.connection = ReconnectingSession.of(client(uri), RECONNECT);
            this.sender = AcknowledgedSender.of(connection, DELIVERY);
            connection.states().subscribe(state -> connected = state.kind() == ConnectionState.Kind.OPEN);
        }

        /** Completes when it has a packet, or when it is not connected any more and will get it later. */
        Mono<Void> take(Packet packet) {
            Mono<Void> taken = sender.send(packet);
            if (!connected) {
                taken.subscribe(nothing -> {}, error -> log.debug("{} will not get a write", uri, error));
                return Mono.empty();
            }
            Mono<Void> lost = connection
                    .states()
                    .filter(state -> state.kind() != ConnectionState.Kind.OPEN)
                    .next()
                    .then();
            return Mono.firstWithSignal(taken, lost);
        }
    }

    private CacheNode(int number, String listen, List<String> others) {
        this.store = new CacheStore(number);
        for (String uri : others) {
            peers.add(new Peer(uri));
        }
        this.server = TransportServer.create()
                .listen(listen)
                .session(options -> options.streams(new StreamHandler() {
                    @Override
                    public Publisher<Packet> requestStream(Session session, Packet request) {
                        return stream(request);
                    }

                    @Override
                    public Mono<Packet> sendStream(Session session, Flux<Packet> items) {
                        return setAll(items);
                    }
                }))
                .handle(this::serve)
                .bindNow();
    }

    /** Starts a node; returns when it serves. */
    public static CacheNode start(int number, String listen, List<String> others) {
        CacheNode node = new CacheNode(number, listen, others);
        node.catchUp(others);
        return node;
    }

    private static TransportClient client(String uri) {
        return TransportClient.create(uri)
                .endpoint(o -> o.extensions(Extensions.ON))
                .session(o -> o.heartbeat(HeartbeatOptions.OFF.interval(Duration.ofMillis(500))));
    }

    private void catchUp(List<String> others) {
        Flux.fromIterable(others)
                .concatMap(uri -> catchUpFrom(uri).onErrorResume(error -> {
                    log.debug("{} is not there, or went away", uri, error);
                    return Mono.empty();
                }))
                .blockLast(SYNC_TIMEOUT.multipliedBy(1L + others.size()));
        caughtUp = true;
    }

    private Mono<Void> catchUpFrom(String uri) {
        return client(uri)
                .connect()
                .flatMap(session -> session.requestStream(CacheProtocol.snapshot())
                        .doOnNext(packet -> store.merge(CacheProtocol.entry(packet)))
                        .then(session.request(CacheProtocol.sync(uri().toString()), SYNC_TIMEOUT))
                        .doFinally(signal -> session.dispose()))
                .timeout(SYNC_TIMEOUT)
                .then();
    }

    // ---- what is asked for ----

    private Mono<Void> serve(Session session) {
        return receiver.receive(session)
                .flatMap(
                        delivery -> delivery instanceof Delivery.Plain plain
                                ? answer(session, plain.packet())
                                : replicated(delivery),
                        CONCURRENT)
                .then();
    }

    private Mono<Void> replicated(Delivery delivery) {
        if (delivery instanceof Delivery.Item item) {
            if (item.packet().bizType() != CacheProtocol.SYNC) {
                store.merge(CacheProtocol.entry(item.packet()));
            }
            return item.acknowledge().onErrorComplete(); // then it comes again
        }
        log.warn("missed writes of another node: {}", delivery);
        return Mono.empty();
    }

    private Mono<Void> answer(Session session, Packet request) {
        if (request.bizType() == CacheProtocol.SYNC) {
            return sync(request.payloadText()).then(Mono.defer(() -> session.reply(request, new byte[0])));
        }
        if (!caughtUp) {
            return session.replyError(request, PeerException.UNAVAILABLE, "the node is catching up");
        }
        String key = request.extHeaderText();
        return switch (request.bizType()) {
            case CacheProtocol.GET -> {
                byte[] value = store.get(key);
                yield value == null
                        ? session.send(request.responseBuilder()
                                .bizType(CacheProtocol.NOTHING)
                                .build())
                        : session.reply(request, value);
            }
            case CacheProtocol.SET -> write(session, request, store.write(key, request.payload()));
            case CacheProtocol.DELETE -> write(session, request, store.write(key, null));
            default -> session.replyError(request, PeerException.NO_HANDLER, "biz type " + request.bizType());
        };
    }

    private Mono<Void> write(Session session, Packet request, CacheStore.Entry entry) {
        return replicate(entry)
                .then(Mono.defer(() -> session.reply(request, new byte[0])))
                .onErrorResume(error -> session.replyError(
                        request, PeerException.UNAVAILABLE, "a node has not taken the write: " + error.getMessage()));
    }

    /** Completes when all nodes that are connected have it. */
    private Mono<Void> replicate(CacheStore.Entry entry) {
        if (peers.isEmpty()) {
            return Mono.empty();
        }
        Packet packet = CacheProtocol.replicate(entry);
        return Flux.fromIterable(peers)
                .flatMap(peer -> peer.take(packet))
                .then()
                .timeout(REPLICATION_TIMEOUT);
    }

    /** Completes when a node has everything that waited for it here. */
    private Mono<Void> sync(String uri) {
        return Flux.fromIterable(peers)
                .filter(peer -> peer.uri.equals(uri))
                .flatMap(peer -> peer.sender.send(CacheProtocol.marker()))
                .then();
    }

    private Flux<Packet> stream(Packet request) {
        return request.bizType() == CacheProtocol.SNAPSHOT
                ? Flux.fromIterable(store.all()).map(CacheProtocol::replicate)
                : Flux.error(new PeerException(PeerException.NO_HANDLER, "biz type " + request.bizType()));
    }

    /** A batch: keys and values one after the other, answered with their number when the other nodes have all of them. */
    private Mono<Packet> setAll(Flux<Packet> items) {
        return items.flatMap(
                        item -> replicate(store.write(item.extHeaderText(), item.payload()))
                                .thenReturn(1L),
                        CONCURRENT)
                .reduce(0L, Long::sum)
                .map(count -> Packet.oneWay(Long.toString(count)));
    }

    /** Where it listens. */
    public URI uri() {
        return server.uri();
    }

    /** How many keys have a value. */
    public long size() {
        return store.size();
    }

    /** Ends in order: no new calls, those under way are answered. */
    public Mono<Void> drain(Duration deadline) {
        return server.drain(deadline).doFinally(signal -> closePeers());
    }

    private void closePeers() {
        for (Peer peer : peers) {
            peer.sender.dispose();
            peer.connection.dispose();
        }
    }

    @Override
    public void dispose() {
        server.dispose();
        closePeers();
    }
}
