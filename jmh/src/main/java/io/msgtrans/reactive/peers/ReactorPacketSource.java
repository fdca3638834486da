package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;

/** The client's side of one Reactor Netty connection: a {@link Flux} of packets, one buffer each, and their answers. */
final class ReactorPacketSource {

    private static final int MAX_TURN_PACKETS = 8192;
    private static final int TURN_BYTES = 4 << 20;

    private final ByteBufAllocator allocator;
    private final ByteBuf payload;
    private final Recorder recorder;

    // event loop only
    private int nextId;

    /** Set by {@link #count}; taken by the stream, which then emits a request instead of a one-way packet. */
    private volatile boolean asked;

    private volatile @Nullable CompletableFuture<Long> answer;

    ReactorPacketSource(ByteBufAllocator allocator, ByteBuf payload, Recorder recorder) {
        this.allocator = allocator;
        this.payload = payload;
        this.recorder = recorder;
    }

    /** Begins to send and receive; ends with the connection. */
    void start(BenchSettings settings, NettyInbound in, NettyOutbound out) {
        if (settings.oneWay()) {
            in.receive().subscribe(this::answered, recorder::fail);
            out.withConnection(
                    connection -> send(out, stream(connection.channel().eventLoop())));
        } else {
            EchoLane lane = recorder.newLane();
            if (lane.isPaced()) {
                out.withConnection(connection ->
                        send(out, paced(lane, connection.channel().eventLoop()).mergeWith(replies(in, lane))));
            } else {
                send(out, window(lane).concatWith(replies(in, lane)));
            }
        }
    }

    private void send(NettyOutbound out, Flux<ByteBuf> packets) {
        out.send(packets).then().subscribe(null, recorder::fail, () -> recorder.fail(new ClosedChannelException()));
    }

    /**
     * Packets without end, in turns: Reactor Netty takes from a synchronous source for as long as the channel is writable,
     * which may be forever, and then nothing else runs on that event loop.
     */
    private Flux<ByteBuf> stream(Executor eventLoop) {
        int turnPackets = Math.min(MAX_TURN_PACKETS, 1 + TURN_BYTES / (Wire.HEADER_BYTES + payload.readableBytes()));
        return Flux.range(0, turnPackets)
                .map(i -> nextOneWay())
                .subscribeOn(Schedulers.fromExecutor(eventLoop))
                .repeat();
    }

    private ByteBuf nextOneWay() {
        int id = nextId++;
        if (asked) {
            asked = false;
            return Wire.packet(allocator, Wire.REQUEST, id, payload.slice(0, 0));
        }
        return Wire.packet(allocator, Wire.ONE_WAY, id, payload);
    }

    CompletionStage<Long> count() {
        CompletableFuture<Long> future = new CompletableFuture<>();
        answer = future;
        asked = true;
        return future;
    }

    private void answered(ByteBuf packet) {
        CompletableFuture<Long> future = answer;
        if (future != null) {
            future.complete(Wire.readCount(
                    packet, packet.readerIndex() + Wire.HEADER_BYTES, packet.readableBytes() - Wire.HEADER_BYTES));
        }
    }

    private Flux<ByteBuf> window(EchoLane lane) {
        return Flux.range(0, lane.window()).map(slot -> {
            lane.begin(slot, System.nanoTime());
            return Wire.packet(allocator, Wire.ONE_WAY, slot, payload);
        });
    }

    private Flux<ByteBuf> paced(EchoLane lane, ScheduledExecutorService eventLoop) {
        return Flux.create(sink ->
                lane.start(eventLoop, id -> sink.next(Wire.packet(allocator, Wire.ONE_WAY, id, payload)), () -> {}));
    }

    private Flux<ByteBuf> replies(NettyInbound in, EchoLane lane) {
        return in.receive().handle((reply, sink) -> {
            int id = reply.getInt(reply.readerIndex() + Wire.MESSAGE_ID_OFFSET);
            if (lane.accepts(id, reply.readableBytes() - Wire.HEADER_BYTES, System.nanoTime())) {
                sink.next(Wire.packet(allocator, Wire.ONE_WAY, lane.nextId(id), payload));
            }
        });
    }
}
