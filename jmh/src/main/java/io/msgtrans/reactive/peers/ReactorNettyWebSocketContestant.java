package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.WebsocketClientSpec;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.WebsocketServerSpec;
import reactor.netty.http.websocket.WebsocketInbound;
import reactor.netty.http.websocket.WebsocketOutbound;

/** Reactor Netty's WebSocket: each packet is one binary frame, masked by the client as the protocol demands. */
final class ReactorNettyWebSocketContestant implements Contestant {

    private static final int MAX_FRAME_BYTES = Wire.HEADER_BYTES + Workload.MAX_PAYLOAD_BYTES;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    @Override
    public PeerServer startServer(int port, BenchSettings settings) {
        Tally tally = new Tally();
        ReactorNettyContestant.Gate gate = new ReactorNettyContestant.Gate(settings);
        WebsocketServerSpec spec = WebsocketServerSpec.builder()
                .maxFramePayloadLength(MAX_FRAME_BYTES)
                .build();
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(port)
                .route(routes -> routes.ws(
                        "/",
                        (in, out) -> switch (settings.workload().kind()) {
                            case BROADCAST -> ReactorNettyContestant.broadcast(out, settings, gate);
                            case ONEWAY -> count(in, out, tally.newLane(), tally);
                            default -> out.send(in.receive().retain());
                        },
                        spec))
                .bindNow();
        return ReactorNettyContestant.serverOf(server);
    }

    private static Publisher<Void> count(WebsocketInbound in, WebsocketOutbound out, Tally.Lane lane, Tally tally) {
        ByteBufAllocator allocator = out.alloc();
        return in.receive()
                .doOnNext(packet -> {
                    long head = packet.getLong(packet.readerIndex());
                    if (Wire.packetType(head) == Wire.ONE_WAY) {
                        lane.add(1);
                    } else {
                        out.send(Mono.just(Wire.countResponse(allocator, Wire.messageId(head), tally.sum())))
                                .then()
                                .subscribe();
                    }
                })
                .then();
    }

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        ByteBuf payload = Wire.payload(workload.payloadBytes());
        List<Connection> connections = new ArrayList<>();
        try {
            List<ReactorPacketSource> sources = new ArrayList<>();
            Tally tally = new Tally();
            for (int i = 0; i < workload.connections(); i++) {
                sources.add(connect(host, port, settings, recorder, payload, connections, tally.newLane()));
            }
            if (workload.kind() == Workload.Kind.BROADCAST) {
                recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
            } else if (settings.oneWay()) {
                recorder.measureConfirmed(sources.get(0)::count);
            } else {
                recorder.measureReplies();
            }
        } finally {
            connections.forEach(Connection::disposeNow);
        }
    }

    /** Upgrades one connection and keeps it until it is closed. */
    private static ReactorPacketSource connect(
            String host,
            int port,
            BenchSettings settings,
            Recorder recorder,
            ByteBuf payload,
            List<Connection> connections,
            Tally.Lane lane) {
        Sinks.One<ReactorPacketSource> open = Sinks.one();
        HttpClient.newConnection()
                .host(host)
                .port(port)
                .websocket(WebsocketClientSpec.builder()
                        .maxFramePayloadLength(MAX_FRAME_BYTES)
                        .build())
                .uri("/")
                .handle((in, out) -> {
                    in.withConnection(connections::add);
                    ReactorPacketSource source = new ReactorPacketSource(out.alloc(), payload, recorder);
                    if (settings.workload().kind() == Workload.Kind.BROADCAST) {
                        in.receive().subscribe(packet -> lane.add(1), recorder::fail);
                    } else {
                        source.start(settings, in, out);
                    }
                    open.tryEmitValue(source);
                    return Mono.never();
                })
                .subscribe(null, error -> {
                    open.tryEmitError(error);
                    recorder.fail(error);
                });
        return open.asMono().blockOptional(CONNECT_TIMEOUT).orElseThrow();
    }
}
