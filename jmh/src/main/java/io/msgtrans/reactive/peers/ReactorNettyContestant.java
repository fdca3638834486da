package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/** Reactor Netty's TCP with Netty's frame decoder: what a Reactor user writes without a toolkit. */
final class ReactorNettyContestant implements Contestant {

    private static final int TURN_PACKETS = 256;

    @Override
    public PeerServer startServer(int port, BenchSettings settings) {
        Tally tally = new Tally();
        Gate gate = new Gate(settings);
        DisposableServer server = TcpServer.create()
                .host("127.0.0.1")
                .port(port)
                .doOnConnection(connection -> connection.addHandlerLast(NettyPacketContestant.frameDecoder()))
                .handle((in, out) -> switch (settings.workload().kind()) {
                    case BROADCAST -> broadcast(out, settings, gate);
                    case ONEWAY -> count(in, out, tally.newLane(), tally);
                    default -> echo(in, out);
                })
                .bindNow();
        return serverOf(server);
    }

    private static Publisher<Void> count(NettyInbound in, NettyOutbound out, Tally.Lane lane, Tally tally) {
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

    /** Opens when all connections are there. */
    static final class Gate {
        private final AtomicInteger missing;
        private final Sinks.Empty<Void> open = Sinks.empty();

        Gate(BenchSettings settings) {
            missing = new AtomicInteger(settings.workload().connections());
        }

        Mono<Void> opened() {
            if (missing.decrementAndGet() == 0) {
                open.tryEmitEmpty();
            }
            return open.asMono();
        }
    }

    /** The same packet for every connection, encoded once; in turns, so that one connection does not keep the event loop. */
    static Publisher<Void> broadcast(NettyOutbound out, BenchSettings settings, Gate gate) {
        ByteBuf packet = Wire.packet(
                ByteBufAllocator.DEFAULT,
                Wire.ONE_WAY,
                1,
                Wire.payload(settings.workload().payloadBytes()));
        Sinks.One<Executor> eventLoop = Sinks.one();
        out.withConnection(
                connection -> eventLoop.tryEmitValue(connection.channel().eventLoop()));
        return gate.opened()
                .then(eventLoop.asMono())
                .flatMapMany(loop -> out.send(Flux.range(0, TURN_PACKETS)
                        .map(i -> packet.retainedDuplicate())
                        .subscribeOn(Schedulers.fromExecutor(loop))
                        .repeat()));
    }

    private static Publisher<Void> echo(NettyInbound in, NettyOutbound out) {
        return out.send(in.receive().retain());
    }

    static PeerServer serverOf(DisposableServer server) {
        return new PeerServer() {
            @Override
            public int port() {
                return ((InetSocketAddress) server.address()).getPort();
            }

            @Override
            public void close() {
                server.disposeNow();
            }
        };
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
                Connection open = TcpClient.newConnection()
                        .host(host)
                        .port(port)
                        .doOnConnected(connection -> connection.addHandlerLast(NettyPacketContestant.frameDecoder()))
                        .connectNow();
                connections.add(open);
                if (workload.kind() == Workload.Kind.BROADCAST) {
                    Tally.Lane lane = tally.newLane();
                    open.inbound().receive().subscribe(packet -> lane.add(1), recorder::fail);
                    continue;
                }
                ReactorPacketSource source =
                        new ReactorPacketSource(open.outbound().alloc(), payload, recorder);
                sources.add(source);
                source.start(settings, open.inbound(), open.outbound());
            }
            if (workload.kind() == Workload.Kind.BROADCAST) {
                recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
            } else if (settings.oneWay()) {
                recorder.measureConfirmed(sources.get(0)::count);
            } else {
                recorder.measureReplies();
            }
        } finally {
            // Waiting for each would take minutes while the others flood the event loop.
            connections.forEach(
                    workload.kind() == Workload.Kind.BROADCAST ? Connection::dispose : Connection::disposeNow);
        }
    }
}
