package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Netty as fast as we can write it by hand: no object for a packet on either side, many packets in one write and one
 * flush. What a toolkit adds is measured against this.
 */
final class NettyCoalescingContestant implements Contestant {

    private final Supplier<Endpoint> endpoints;

    NettyCoalescingContestant(Supplier<Endpoint> endpoints) {
        this.endpoints = endpoints;
    }

    @Override
    public PeerServer startServer(int port, BenchSettings settings) throws Exception {
        if (settings.workload().kind() == Workload.Kind.BROADCAST) {
            NettyBroadcast broadcast = new NettyBroadcast(settings, false);
            return endpoints.get().listen(port, channel -> channel.pipeline().addLast(broadcast.member()));
        }
        Tally tally = new Tally();
        return endpoints
                .get()
                .listen(
                        port,
                        channel -> channel.pipeline()
                                .addLast(settings.oneWay() ? new CountHandler(tally) : new EchoHandler()));
    }

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        ByteBuf payload = Wire.payload(workload.payloadBytes());
        try (Endpoint endpoint = endpoints.get()) {
            if (workload.kind() == Workload.Kind.BROADCAST) {
                Tally tally = new Tally();
                for (int i = 0; i < workload.connections(); i++) {
                    PacketScanner counter = NettyBroadcast.counter(tally.newLane(), recorder);
                    endpoint.connect(host, port, channel -> channel.pipeline().addLast(counter));
                }
                recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
            } else if (settings.oneWay()) {
                List<StreamHandler> streams = new ArrayList<>();
                for (int i = 0; i < workload.connections(); i++) {
                    StreamHandler stream = new StreamHandler(recorder, payload);
                    endpoint.connect(host, port, channel -> channel.pipeline().addLast(stream));
                    streams.add(stream);
                }
                recorder.measureConfirmed(streams.get(0)::count);
            } else {
                for (int i = 0; i < workload.connections(); i++) {
                    WindowHandler window = new WindowHandler(recorder, payload);
                    endpoint.connect(host, port, channel -> channel.pipeline().addLast(window));
                }
                recorder.measureReplies();
            }
        }
    }

    /** Server, one-way: counts packets, answers requests. */
    private static final class CountHandler extends PacketScanner {

        private final Tally tally;
        private final Tally.Lane lane;

        // event loop only
        private int counted;

        CountHandler(Tally tally) {
            this.tally = tally;
            this.lane = tally.newLane();
        }

        @Override
        void packet(ChannelHandlerContext ctx, long head, ByteBuf buffer, int index, int lengthBytes) {
            if (Wire.packetType(head) == Wire.ONE_WAY) {
                counted++;
                return;
            }
            publishCount();
            ctx.writeAndFlush(Wire.countResponse(ctx.alloc(), Wire.messageId(head), tally.sum()), ctx.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            publishCount();
        }

        private void publishCount() {
            lane.add(counted);
            counted = 0;
        }
    }

    /** Server, echo: encodes each packet again, and flushes at the end of the burst. */
    private static final class EchoHandler extends PacketScanner {

        // event loop only
        private @Nullable PacketBatch batch;

        @Override
        void packet(ChannelHandlerContext ctx, long head, ByteBuf buffer, int index, int lengthBytes) {
            PacketBatch replies = batch;
            if (replies == null) {
                replies = new PacketBatch(ctx);
                batch = replies;
            }
            replies.add(head, buffer, index, lengthBytes);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (batch != null) {
                batch.flush();
            }
        }
    }

    private abstract static class ClientHandler extends PacketScanner {

        final Recorder recorder;
        final ByteBuf payload;
        final int payloadBytes;

        ClientHandler(Recorder recorder, ByteBuf payload) {
            this.recorder = recorder;
            this.payload = payload;
            this.payloadBytes = payload.readableBytes();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            recorder.fail(new ClosedChannelException());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            recorder.fail(cause);
            ctx.close();
        }
    }

    /** Client, one-way: fills batches while the channel is writable; connections of an event loop take turns. */
    private static final class StreamHandler extends ClientHandler {

        private static final int TURN_BYTES = 4 * PacketBatch.CAPACITY_BYTES;

        private final CompletableFuture<ChannelHandlerContext> active = new CompletableFuture<>();
        private volatile CompletableFuture<Long> answer = new CompletableFuture<>();

        // event loop only
        private boolean scheduled;
        private int nextId;

        StreamHandler(Recorder recorder, ByteBuf payload) {
            super(recorder, payload);
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            active.complete(ctx);
            send(ctx, new PacketBatch(ctx));
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (!scheduled && ctx.channel().isWritable()) {
                send(ctx, new PacketBatch(ctx));
            }
        }

        private void send(ChannelHandlerContext ctx, PacketBatch batch) {
            scheduled = true; // a flush may make the channel writable, which is no reason to recurse
            int packets = Math.max(1, PacketBatch.CAPACITY_BYTES / (Wire.HEADER_BYTES + payloadBytes));
            for (int sent = 0; sent < TURN_BYTES && ctx.channel().isWritable(); sent += PacketBatch.CAPACITY_BYTES) {
                for (int i = 0; i < packets; i++) {
                    batch.add(Wire.head(Wire.ONE_WAY, nextId++), payload, 0, payloadBytes);
                }
                batch.flush();
            }
            scheduled = ctx.channel().isWritable();
            if (scheduled) {
                ctx.executor().execute(() -> send(ctx, batch));
            }
        }

        CompletionStage<Long> count() {
            CompletableFuture<Long> asked = new CompletableFuture<>();
            answer = asked;
            ChannelHandlerContext ctx = active.join();
            ctx.writeAndFlush(Wire.packet(ctx.alloc(), Wire.REQUEST, 0, payload.slice(0, 0)), ctx.voidPromise());
            return asked;
        }

        @Override
        void packet(ChannelHandlerContext ctx, long head, ByteBuf buffer, int index, int lengthBytes) {
            answer.complete(Wire.readCount(buffer, index, lengthBytes));
        }
    }

    /** Client, echo: encodes a packet for each reply, and flushes at the end of the burst. */
    private static final class WindowHandler extends ClientHandler {

        private final EchoLane lane;

        // event loop only
        private @Nullable PacketBatch batch;

        WindowHandler(Recorder recorder, ByteBuf payload) {
            super(recorder, payload);
            this.lane = recorder.newLane();
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            PacketBatch packets = new PacketBatch(ctx);
            batch = packets;
            lane.start(
                    ctx.executor(),
                    id -> packets.add(Wire.head(Wire.ONE_WAY, id), payload, 0, payloadBytes),
                    packets::flush);
        }

        @Override
        void packet(ChannelHandlerContext ctx, long head, ByteBuf buffer, int index, int lengthBytes) {
            int id = Wire.messageId(head);
            if (batch != null && lane.accepts(id, lengthBytes, System.nanoTime())) {
                batch.add(Wire.head(Wire.ONE_WAY, lane.nextId(id)), payload, 0, payloadBytes);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (batch != null) {
                batch.flush();
            }
        }
    }
}
