package io.msgtrans.reactive.peers;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Vert.x TCP with its own record parser: one buffer and one write for each packet, as its guide has it. */
final class VertxContestant implements Contestant {

    private static final int TIMEOUT_SECONDS = 10;
    private static final int TURN_PACKETS = 1024;

    private final Vertx vertx = Vertx.vertx(new VertxOptions()
            .setPreferNativeTransport(true)
            .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors()));

    private volatile boolean over;

    /** Whole packets, header and payload. */
    private static RecordParser packets(Consumer<Buffer> each) {
        RecordParser parser = RecordParser.newFixed(Wire.HEADER_BYTES);
        Buffer[] header = new Buffer[1];
        parser.handler(record -> {
            if (header[0] == null) {
                int length = Wire.payloadLength(record.getLong(0), record.getLong(Long.BYTES));
                if (length == 0) {
                    each.accept(record);
                } else {
                    header[0] = record;
                    parser.fixedSizeMode(length);
                }
            } else {
                Buffer whole = Buffer.buffer(header[0].length() + record.length())
                        .appendBuffer(header[0])
                        .appendBuffer(record);
                header[0] = null;
                parser.fixedSizeMode(Wire.HEADER_BYTES);
                each.accept(whole);
            }
        });
        return parser;
    }

    private static Buffer packet(int type, int id, byte[] payload) {
        return Buffer.buffer(Wire.HEADER_BYTES + payload.length)
                .appendLong(Wire.head(type, id))
                .appendLong(Wire.tail(payload.length))
                .appendBytes(payload);
    }

    @Override
    public PeerServer startServer(int port, BenchSettings settings) throws Exception {
        Tally tally = new Tally();
        ReactorNettyContestant.Gate gate = new ReactorNettyContestant.Gate(settings);
        NetServer server = vertx.createNetServer().connectHandler(socket -> {
            switch (settings.workload().kind()) {
                case ONEWAY -> count(socket, tally);
                case BROADCAST ->
                    gate.opened().subscribe(null, null, () -> {
                        Buffer packet = packet(
                                Wire.ONE_WAY, 1, new byte[settings.workload().payloadBytes()]);
                        vertx.runOnContext(opened -> new Flood(socket, () -> packet).start());
                    });
                default -> socket.handler(packets(socket::write));
            }
        });
        NetServer bound = server.listen(port, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        return new PeerServer() {
            @Override
            public int port() {
                return bound.actualPort();
            }

            @Override
            public void close() {
                vertx.close().toCompletionStage().toCompletableFuture().join();
            }
        };
    }

    private static void count(NetSocket socket, Tally tally) {
        Tally.Lane lane = tally.newLane();
        socket.handler(packets(packet -> {
            long head = packet.getLong(0);
            if (Wire.packetType(head) == Wire.ONE_WAY) {
                lane.add(1);
            } else {
                socket.write(packet(
                        Wire.RESPONSE,
                        Wire.messageId(head),
                        Long.toString(tally.sum()).getBytes(StandardCharsets.US_ASCII)));
            }
        }));
    }

    private interface Source {
        Buffer next();
    }

    /** Writes while the socket takes it, in turns, so that reads have theirs. */
    private final class Flood {
        private final NetSocket socket;
        private final Source source;
        private boolean waiting;

        Flood(NetSocket socket, Source source) {
            this.socket = socket;
            this.source = source;
        }

        void start() {
            socket.drainHandler(room -> {
                if (waiting) {
                    waiting = false;
                    turn();
                }
            });
            turn();
        }

        private void turn() {
            for (int i = 0; i < TURN_PACKETS && !over; i++) {
                if (socket.writeQueueFull()) {
                    waiting = true;
                    return;
                }
                socket.write(source.next());
            }
            if (!over) {
                vertx.runOnContext(next -> turn());
            }
        }
    }

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        byte[] payload = new byte[workload.payloadBytes()];
        Tally tally = new Tally();
        NetClient client = vertx.createNetClient();
        List<NetSocket> sockets = new ArrayList<>();
        List<CompletableFuture<Long>> answers = new ArrayList<>(List.of(new CompletableFuture<>()));
        for (int i = 0; i < workload.connections(); i++) {
            NetSocket socket = client.connect(port, host)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            sockets.add(socket);
            socket.exceptionHandler(recorder::fail);
            switch (workload.kind()) {
                case BROADCAST -> {
                    Tally.Lane lane = tally.newLane();
                    socket.handler(packets(packet -> lane.add(1)));
                }
                case ONEWAY -> {
                    socket.handler(packets(packet -> answers.get(0)
                            .complete(Long.parseLong(packet.getString(Wire.HEADER_BYTES, packet.length())))));
                    int[] id = new int[1];
                    vertx.runOnContext(open -> new Flood(socket, () -> packet(Wire.ONE_WAY, id[0]++, payload)).start());
                }
                default -> echo(socket, payload, recorder);
            }
        }
        if (workload.kind() == Workload.Kind.BROADCAST) {
            recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
        } else if (settings.oneWay()) {
            recorder.measureConfirmed(() -> ask(sockets.get(0), answers));
        } else {
            recorder.measureReplies();
        }
        over = true;
        vertx.close().toCompletionStage().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private static CompletionStage<Long> ask(NetSocket socket, List<CompletableFuture<Long>> answers) {
        CompletableFuture<Long> asked = new CompletableFuture<>();
        answers.set(0, asked);
        socket.write(packet(Wire.REQUEST, 0, new byte[0]));
        return asked;
    }

    private void echo(NetSocket socket, byte[] payload, Recorder recorder) {
        EchoLane lane = recorder.newLane();
        socket.handler(packets(reply -> {
            int id = Wire.messageId(reply.getLong(0));
            if (lane.accepts(id, reply.length() - Wire.HEADER_BYTES, System.nanoTime())) {
                socket.write(packet(Wire.ONE_WAY, lane.nextId(id), payload));
            }
        }));
        vertx.runOnContext(open -> lane.start(
                ContextInternal.current().nettyEventLoop(),
                id -> socket.write(packet(Wire.ONE_WAY, id, payload)),
                () -> {}));
    }
}
