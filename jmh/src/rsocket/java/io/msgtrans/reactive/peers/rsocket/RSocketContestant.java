package io.msgtrans.reactive.peers.rsocket;

import io.msgtrans.reactive.peers.BenchSettings;
import io.msgtrans.reactive.peers.Contestant;
import io.msgtrans.reactive.peers.EchoLane;
import io.msgtrans.reactive.peers.PeerServer;
import io.msgtrans.reactive.peers.Recorder;
import io.msgtrans.reactive.peers.Tally;
import io.msgtrans.reactive.peers.Workload;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.SocketAcceptor;
import io.rsocket.core.RSocketConnector;
import io.rsocket.core.RSocketServer;
import io.rsocket.frame.decoder.PayloadDecoder;
import io.rsocket.transport.netty.client.TcpClientTransport;
import io.rsocket.transport.netty.server.CloseableChannel;
import io.rsocket.transport.netty.server.TcpServerTransport;
import io.rsocket.util.ByteBufPayload;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.tcp.TcpClient;

/**
 * RSocket over TCP with its own frames and zero-copy payloads: fire-and-forget one-way, request-response for echo.
 *
 * <p>Fire-and-forget completes when the frame is queued, in a queue without bound. So the one-way client keeps what the
 * server did not confirm bounded itself: it sends in groups, with a request for the count behind each, and stays a few
 * groups ahead of the answers.
 */
public final class RSocketContestant implements Contestant {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @Override
    public PeerServer startServer(int port, BenchSettings settings) {
        Tally tally = new Tally();
        SocketAcceptor acceptor = settings.oneWay()
                ? (setup, peer) -> Mono.just(new Counting(tally))
                : settings.workload().kind().onStreams()
                        ? SocketAcceptor.with(new RSocketStreams(
                                payloadBytes(settings.workload().payloadBytes())))
                        : SocketAcceptor.forRequestResponse(Mono::just);
        CloseableChannel server = RSocketServer.create(acceptor)
                .payloadDecoder(PayloadDecoder.ZERO_COPY)
                .bindNow(TcpServerTransport.create("127.0.0.1", port));
        return new PeerServer() {
            @Override
            public int port() {
                return server.address().getPort();
            }

            @Override
            public void close() {
                server.dispose();
                server.onClose().block(TIMEOUT);
            }
        };
    }

    /** Server, one-way: counts, and answers requests with the count. */
    private static final class Counting implements RSocket {

        private final Tally tally;
        private final Tally.Lane lane;

        Counting(Tally tally) {
            this.tally = tally;
            this.lane = tally.newLane();
        }

        @Override
        public Mono<Void> fireAndForget(Payload payload) {
            payload.release();
            lane.add(1);
            return Mono.empty();
        }

        @Override
        public Mono<Payload> requestResponse(Payload payload) {
            payload.release();
            return Mono.just(ByteBufPayload.create(Long.toString(tally.sum())));
        }
    }

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        ByteBuf bytes = payloadBytes(workload.payloadBytes());
        List<RSocket> sockets = new ArrayList<>();
        Tally tally = new Tally();
        try {
            List<Stream> streams = new ArrayList<>();
            for (int i = 0; i < workload.connections(); i++) {
                Sinks.One<EventLoop> eventLoop = Sinks.one();
                RSocket socket = connect(host, port, eventLoop, recorder);
                sockets.add(socket);
                if (workload.kind().onStreams()) {
                    RSocketStreams.start(socket, bytes, settings, recorder, tally.newLane());
                } else if (settings.oneWay()) {
                    Stream stream = new Stream(socket, bytes, recorder);
                    streams.add(stream);
                    stream.start();
                } else {
                    new Window(socket, bytes, recorder).start(eventLoop.asMono().block(TIMEOUT));
                }
            }
            if (workload.kind().onStreams()) {
                recorder.probe(() -> sockets.get(0)
                        .requestResponse(ByteBufPayload.create(new byte[16]))
                        .doOnNext(Payload::release)
                        .toFuture());
                recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
            } else if (settings.oneWay()) {
                recorder.measureConfirmed(streams.get(0)::count);
            } else {
                recorder.measureReplies();
            }
        } finally {
            for (RSocket socket : sockets) {
                socket.dispose();
                socket.onClose().onErrorComplete().block(TIMEOUT);
            }
        }
    }

    private static RSocket connect(String host, int port, Sinks.One<EventLoop> eventLoop, Recorder recorder) {
        TcpClient client = TcpClient.create()
                .host(host)
                .port(port)
                .doOnConnected(connection ->
                        eventLoop.tryEmitValue(connection.channel().eventLoop()));
        RSocket socket = RSocketConnector.create()
                .payloadDecoder(PayloadDecoder.ZERO_COPY)
                .connect(TcpClientTransport.create(client))
                .block(TIMEOUT);
        if (socket == null) {
            throw new IllegalStateException("no connection to " + host + ":" + port);
        }
        socket.onClose().subscribe(null, recorder::fail, () -> recorder.fail(new ClosedChannelException()));
        return socket;
    }

    private static ByteBuf payloadBytes(int lengthBytes) {
        ByteBuf bytes = Unpooled.directBuffer(Math.max(1, lengthBytes), Math.max(1, lengthBytes));
        for (int i = 0; i < lengthBytes; i++) {
            bytes.writeByte(i);
        }
        return Unpooled.unreleasableBuffer(bytes);
    }

    /** Client, one-way: groups of packets, each with a request for the count behind it. */
    private static final class Stream {

        private static final int GROUP_BYTES = 4 << 20;
        private static final int MAX_GROUP_PACKETS = 2048;
        private static final int GROUPS_AHEAD = 2;

        private final RSocket socket;
        private final ByteBuf bytes;
        private final Recorder recorder;
        private final int groupPackets;

        private volatile CompletableFuture<Long> asked = new CompletableFuture<>();

        Stream(RSocket socket, ByteBuf bytes, Recorder recorder) {
            this.socket = socket;
            this.bytes = bytes;
            this.recorder = recorder;
            this.groupPackets =
                    Math.max(1, Math.min(MAX_GROUP_PACKETS, GROUP_BYTES / Math.max(1, bytes.readableBytes())));
        }

        void start() {
            for (int i = 0; i < GROUPS_AHEAD; i++) {
                sendGroup();
            }
        }

        /** The answer to an earlier group, on the event loop, is the permission for the next. */
        private void sendGroup() {
            for (int i = 0; i < groupPackets; i++) {
                socket.fireAndForget(ByteBufPayload.create(bytes.retainedDuplicate()))
                        .subscribe();
            }
            CompletableFuture<Long> future = asked;
            socket.requestResponse(ByteBufPayload.create(Unpooled.EMPTY_BUFFER))
                    .subscribe(
                            answer -> {
                                long count = Long.parseLong(answer.getDataUtf8());
                                answer.release();
                                future.complete(count);
                                sendGroup();
                            },
                            recorder::fail);
        }

        /** Asks behind the packets that are queued: the next group's request is the one. */
        CompletionStage<Long> count() {
            CompletableFuture<Long> future = new CompletableFuture<>();
            asked = future;
            return future;
        }
    }

    /** Client, echo: requests in flight, each with the packet's id in front of the payload. */
    private static final class Window {

        private final RSocket socket;
        private final ByteBuf bytes;
        private final Recorder recorder;
        private final EchoLane lane;

        Window(RSocket socket, ByteBuf bytes, Recorder recorder) {
            this.socket = socket;
            this.bytes = bytes;
            this.recorder = recorder;
            this.lane = recorder.newLane();
        }

        void start(EventLoop eventLoop) {
            lane.start(eventLoop, this::send, () -> {});
        }

        private void send(int id) {
            ByteBuf data = ByteBufAllocator.DEFAULT.directBuffer(bytes.readableBytes());
            data.writeBytes(bytes, 0, bytes.readableBytes());
            data.setInt(0, id);
            socket.requestResponse(ByteBufPayload.create(data)).subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnNext(Payload reply) {
                    ByteBuf echoed = reply.sliceData();
                    int echoedId = echoed.getInt(echoed.readerIndex());
                    int lengthBytes = echoed.readableBytes();
                    reply.release();
                    if (lane.accepts(echoedId, lengthBytes, System.nanoTime())) {
                        send(lane.nextId(echoedId));
                    }
                }

                @Override
                protected void hookOnError(Throwable error) {
                    recorder.fail(error);
                }
            });
        }
    }
}
