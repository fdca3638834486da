package io.msgtrans.reactive.peers;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Both sides of the workloads on streams. */
final class MsgtransStreams implements StreamHandler {

    private final byte[] payload;

    MsgtransStreams(int payloadBytes) {
        this.payload = new byte[payloadBytes];
    }

    @Override
    public Publisher<Packet> requestStream(Session session, Packet request) {
        return endless(payload);
    }

    @Override
    public Publisher<Packet> channel(Session session, Flux<Packet> items) {
        return items;
    }

    private static Flux<Packet> endless(byte[] payload) {
        return Flux.generate(sink -> sink.next(Packet.oneWay(payload)));
    }

    static void run(List<Session> sessions, BenchSettings settings, Recorder recorder) throws Exception {
        Workload workload = settings.workload();
        byte[] payload = new byte[workload.payloadBytes()];
        Tally tally = new Tally();
        for (Session session : sessions) {
            Tally.Lane lane = tally.newLane();
            for (int i = 0; i < workload.window(); i++) {
                Flux<Packet> items = workload.kind() == Workload.Kind.STREAM
                        ? session.requestStream(Packet.request(new byte[0]))
                        : session.channel(endless(payload));
                items.subscribe(
                        item -> lane.add(item.payloadLength() == payload.length ? 1 : 0),
                        recorder::fail,
                        () -> recorder.fail(new ClosedChannelException()));
            }
        }
        recorder.probe(
                () -> sessions.get(0).request(Packet.request(new byte[16])).toFuture());
        recorder.measureConfirmed(() -> CompletableFuture.completedFuture(tally.sum()));
    }
}
