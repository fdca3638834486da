package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.health.PeerLoad;
import io.msgtrans.reactive.spi.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;

/** A session over a channel without a socket, and what its subscriber saw. */
final class Decoding {

    final EmbeddedChannel channel;
    final SessionHandler handler;
    final List<Packet> packets = new ArrayList<>();

    @Nullable
    Throwable error;

    boolean completed;

    private final BaseSubscriber<Packet> subscriber;
    private final List<ByteBuf> reads = new ArrayList<>();

    Decoding(Framing framing, SessionOptions options, boolean borrowed) {
        this(framing, options, borrowed, false);
    }

    Decoding(Framing framing, SessionOptions options, boolean borrowed, boolean extended) {
        this(handler(framing, options, extended), borrowed, Long.MAX_VALUE);
    }

    private Decoding(SessionHandler handler, boolean borrowed, long demand) {
        this.handler = handler;
        channel = new EmbeddedChannel(handler);
        subscriber = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                if (demand > 0) {
                    subscription.request(demand);
                }
            }

            @Override
            protected void hookOnNext(Packet packet) {
                packets.add(borrowed ? packet.compact() : packet);
            }

            @Override
            protected void hookOnError(Throwable thrown) {
                error = thrown;
            }

            @Override
            protected void hookOnComplete() {
                completed = true;
            }
        };
        (borrowed ? handler.session().receiveBorrowed() : handler.session().receive()).subscribe(subscriber);
        channel.runPendingTasks();
    }

    /** One whose subscriber has no demand yet. */
    static Decoding withoutDemand(Framing framing, SessionOptions options, boolean borrowed) {
        return new Decoding(handler(framing, options, false), borrowed, 0);
    }

    static SessionHandler handler(Framing framing, SessionOptions options, boolean extended) {
        return new SessionHandler(
                () -> 1,
                "tcp",
                options,
                framing,
                Role.server(extended, () -> PeerLoad.UNKNOWN),
                null,
                (session, opened) -> {});
    }

    void request(long packets) {
        subscriber.request(packets);
        channel.runPendingTasks();
    }

    /** A read of these bytes. */
    void read(byte[] bytes, int from, int to) {
        ByteBuf read = Unpooled.directBuffer().writeBytes(bytes, from, to - from);
        reads.add(read);
        channel.writeInbound(read);
        channel.runPendingTasks();
    }

    /** Whether a buffer of a read is still held, which none may be behind {@link #close}. */
    boolean holdsReads() {
        return reads.stream().anyMatch(read -> read.refCnt() > 0);
    }

    void read(byte[] bytes) {
        read(bytes, 0, bytes.length);
    }

    void close() {
        channel.close();
        channel.runPendingTasks();
        channel.finishAndReleaseAll();
    }
}
