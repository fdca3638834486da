package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/** Reactor Netty's TCP with Netty's frame decoder: what a Reactor user writes without a toolkit. */
final class ReactorNettyContestant implements Contestant {

    @Override
    public PeerServer startServer(int port, BenchSettings settings) {
        Tally tally = new Tally();
        DisposableServer server = TcpServer.create()
                .host("127.0.0.1")
                .port(port)
                .doOnConnection(connection -> connection.addHandlerLast(NettyPacketContestant.frameDecoder()))
                .handle((in, out) -> settings.oneWay() ? count(in, out, tally.newLane(), tally) : echo(in, out))
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
            for (int i = 0; i < workload.connections(); i++) {
                Connection open = TcpClient.create()
                        .host(host)
                        .port(port)
                        .doOnConnected(connection -> connection.addHandlerLast(NettyPacketContestant.frameDecoder()))
                        .connectNow();
                connections.add(open);
                ReactorPacketSource source =
                        new ReactorPacketSource(open.outbound().alloc(), payload, recorder);
                sources.add(source);
                source.start(settings, open.inbound(), open.outbound());
            }
            if (settings.oneWay()) {
                recorder.measureConfirmed(sources.get(0)::count);
            } else {
                recorder.measureReplies();
            }
        } finally {
            connections.forEach(Connection::disposeNow);
        }
    }
}
