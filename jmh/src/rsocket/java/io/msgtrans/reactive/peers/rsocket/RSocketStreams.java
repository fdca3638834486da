package io.msgtrans.reactive.peers.rsocket;

import io.msgtrans.reactive.peers.BenchSettings;
import io.msgtrans.reactive.peers.Recorder;
import io.msgtrans.reactive.peers.Tally;
import io.msgtrans.reactive.peers.Workload;
import io.netty.buffer.ByteBuf;
import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.util.ByteBufPayload;
import java.nio.channels.ClosedChannelException;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Both sides of the workloads on streams. */
final class RSocketStreams implements RSocket {

    /** Demand of a receiver, refilled at three quarters: without it RSocket queues without bound. */
    private static final int DEMAND = 256;

    private final ByteBuf bytes;

    RSocketStreams(ByteBuf bytes) {
        this.bytes = bytes;
    }

    private static Flux<Payload> endless(ByteBuf bytes) {
        return Flux.generate(sink -> sink.next(ByteBufPayload.create(bytes.retainedDuplicate())));
    }

    @Override
    public Flux<Payload> requestStream(Payload payload) {
        payload.release();
        return endless(bytes);
    }

    @Override
    public Mono<Payload> requestResponse(Payload payload) {
        return Mono.just(payload);
    }

    @Override
    public Flux<Payload> requestChannel(Publisher<Payload> payloads) {
        return Flux.from(payloads).limitRate(DEMAND);
    }

    static void start(RSocket socket, ByteBuf bytes, BenchSettings settings, Recorder recorder, Tally.Lane lane) {
        Workload workload = settings.workload();
        for (int i = 0; i < workload.window(); i++) {
            Flux<Payload> items = workload.kind() == Workload.Kind.STREAM
                    ? socket.requestStream(ByteBufPayload.create(new byte[0]))
                    : socket.requestChannel(endless(bytes));
            items.limitRate(DEMAND)
                    .subscribe(
                            item -> {
                                lane.add(item.data().readableBytes() == bytes.readableBytes() ? 1 : 0);
                                item.release();
                            },
                            recorder::fail,
                            () -> recorder.fail(new ClosedChannelException()));
        }
    }
}
