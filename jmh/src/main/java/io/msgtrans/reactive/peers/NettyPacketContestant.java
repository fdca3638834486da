package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Netty as most people write it: Netty's frame decoder, a buffer and a write for each packet, a flush for each burst, and
 * a sender that stops while the channel is not writable.
 */
final class NettyPacketContestant implements Contestant {

    private final Supplier<Endpoint> endpoints;

    NettyPacketContestant(Supplier<Endpoint> endpoints) {
        this.endpoints = endpoints;
    }

    @Override
    public PeerServer startServer(int port, BenchSettings settings) throws Exception {
        if (settings.workload().kind() == Workload.Kind.BROADCAST) {
            NettyBroadcast broadcast = new NettyBroadcast(settings, true);
            return endpoints.get().listen(port, channel -> channel.pipeline().addLast(broadcast.member()));
        }
        Tally tally = new Tally();
        return endpoints
                .get()
                .listen(
                        port,
                        channel -> channel.pipeline()
                                .addLast(
                                        frameDecoder(),
                                        settings.oneWay() ? new CountHandler(tally) : new EchoHandler()));
    }

    @Override
    public void run(String host, int port, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        ByteBuf payload = Wire.payload(workload.payloadBytes());
        try (Endpoint endpoint = endpoints.get()) {
            if (workload.kind() == Workload.Kind.BROADCAST) {
                Tally tally = new Tally();
                for (int i = 0; i < workload.connections(); i++) {
                    var counter = NettyBroadcast.frameCounter(tally.newLane(), recorder);
                    endpoint.connect(host, port, channel -> channel.pipeline().addLast(frameDecoder(), counter));
                }
                recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
            } else if (settings.oneWay()) {
                List<StreamHandler> streams = new ArrayList<>();
                for (int i = 0; i < workload.connections(); i++) {
                    StreamHandler stream = new StreamHandler(recorder, payload);
                    endpoint.connect(host, port, channel -> channel.pipeline().addLast(frameDecoder(), stream));
                    streams.add(stream);
                }
                recorder.measureConfirmed(streams.get(0)::count);
            } else {
                for (int i = 0; i < workload.connections(); i++) {
                    WindowHandler window = new WindowHandler(recorder, payload);
                    endpoint.connect(host, port, channel -> channel.pipeline().addLast(frameDecoder(), window));
                }
                recorder.measureReplies();
            }
        }
    }

    static LengthFieldBasedFrameDecoder frameDecoder() {
        return new LengthFieldBasedFrameDecoder(
                Wire.HEADER_BYTES + Workload.MAX_PAYLOAD_BYTES,
                Wire.PAYLOAD_LENGTH_OFFSET,
                Integer.BYTES,
                Wire.FLAGS_BYTES,
                0);
    }

    /** Server, one-way: counts packets, answers requests. */
    private static final class CountHandler extends ChannelInboundHandlerAdapter {

        private final Tally tally;
        private final Tally.Lane lane;

        CountHandler(Tally tally) {
            this.tally = tally;
            this.lane = tally.newLane();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf packet = (ByteBuf) message;
            long head = packet.getLong(packet.readerIndex());
            packet.release();
            if (Wire.packetType(head) == Wire.ONE_WAY) {
                lane.add(1);
            } else {
                ctx.writeAndFlush(
                        Wire.countResponse(ctx.alloc(), Wire.messageId(head), tally.sum()), ctx.voidPromise());
            }
        }
    }

    /** Server, echo: writes the frame as it was read, and flushes at the end of the burst. */
    private static final class EchoHandler extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.write(message, ctx.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
        }
    }

    private abstract static class ClientHandler extends ChannelInboundHandlerAdapter {

        final Recorder recorder;
        final ByteBuf payload;

        ClientHandler(Recorder recorder, ByteBuf payload) {
            this.recorder = recorder;
            this.payload = payload;
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

    /** Client, one-way: writes a burst, flushes, and goes on while the channel is writable. */
    private static final class StreamHandler extends ClientHandler {

        private static final int BURST_PACKETS = 256;

        private final CompletableFuture<Channel> active = new CompletableFuture<>();
        private volatile CompletableFuture<Long> answer = new CompletableFuture<>();

        // event loop only
        private boolean scheduled;
        private int nextId;

        StreamHandler(Recorder recorder, ByteBuf payload) {
            super(recorder, payload);
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            active.complete(ctx.channel());
            send(ctx);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (!scheduled) {
                send(ctx);
            }
        }

        private void send(ChannelHandlerContext ctx) {
            scheduled = false;
            for (int i = 0; i < BURST_PACKETS && ctx.channel().isWritable(); i++) {
                ctx.write(Wire.packet(ctx.alloc(), Wire.ONE_WAY, nextId++, payload), ctx.voidPromise());
            }
            scheduled = true; // a flush may make the channel writable, which is no reason to recurse
            ctx.flush();
            scheduled = ctx.channel().isWritable();
            if (scheduled) {
                ctx.executor().execute(() -> send(ctx));
            }
        }

        CompletionStage<Long> count() {
            CompletableFuture<Long> asked = new CompletableFuture<>();
            answer = asked;
            Channel channel = active.join();
            channel.writeAndFlush(
                    Wire.packet(channel.alloc(), Wire.REQUEST, 0, payload.slice(0, 0)), channel.voidPromise());
            return asked;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf packet = (ByteBuf) message;
            answer.complete(Wire.readCount(
                    packet, packet.readerIndex() + Wire.HEADER_BYTES, packet.readableBytes() - Wire.HEADER_BYTES));
            packet.release();
        }
    }

    /** Client, echo: sends a packet for each reply, and flushes at the end of the burst. */
    private static final class WindowHandler extends ClientHandler {

        private final EchoLane lane;

        WindowHandler(Recorder recorder, ByteBuf payload) {
            super(recorder, payload);
            this.lane = recorder.newLane();
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            lane.start(
                    ctx.executor(),
                    id -> ctx.write(Wire.packet(ctx.alloc(), Wire.ONE_WAY, id, payload), ctx.voidPromise()),
                    ctx::flush);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf packet = (ByteBuf) message;
            int id = packet.getInt(packet.readerIndex() + Wire.MESSAGE_ID_OFFSET);
            int length = packet.readableBytes() - Wire.HEADER_BYTES;
            packet.release();
            if (lane.accepts(id, length, System.nanoTime())) {
                ctx.write(Wire.packet(ctx.alloc(), Wire.ONE_WAY, lane.nextId(id), payload), ctx.voidPromise());
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
        }
    }
}
