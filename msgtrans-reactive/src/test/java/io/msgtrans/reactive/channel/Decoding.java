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

/** A session over a channel without a socket, and what its subscriber saw. */
final class Decoding {

    final EmbeddedChannel channel;
    final SessionHandler handler;
    final List<Packet> packets = new ArrayList<>();

    @Nullable
    Throwable error;

    boolean completed;

    private final List<ByteBuf> reads = new ArrayList<>();

    Decoding(Framing framing, SessionOptions options, boolean borrowed) {
        this(framing, options, borrowed, false);
    }

    Decoding(Framing framing, SessionOptions options, boolean borrowed, boolean extended) {
        handler = new SessionHandler(
                () -> 1,
                "tcp",
                options,
                framing,
                Role.server(extended, () -> PeerLoad.UNKNOWN),
                null,
                (session, opened) -> {});
        channel = new EmbeddedChannel(handler);
        (borrowed ? handler.session().receiveBorrowed() : handler.session().receive())
                .subscribe(packet -> packets.add(packet.compact()), thrown -> error = thrown, () -> completed = true);
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
