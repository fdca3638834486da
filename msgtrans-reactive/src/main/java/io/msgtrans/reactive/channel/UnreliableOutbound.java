package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.LimitException;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.spi.Datagrams;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicInteger;

/** The way out of a session for packets that may be lost: each one a datagram. */
final class UnreliableOutbound {

    private final Datagrams datagrams;
    private final ChannelHandlerContext ctx;
    private final EventLoop loop;
    private final PendingRequests ids;
    private final SessionCounters counters;
    private final int maxWaiting;
    /** Packets that wait for the event loop. */
    private final AtomicInteger waiting = new AtomicInteger();

    // Event loop only.
    private long sent;

    /** @param maxWaiting how many packets of other threads may wait for the event loop */
    UnreliableOutbound(
            Datagrams datagrams,
            ChannelHandlerContext ctx,
            PendingRequests ids,
            SessionCounters counters,
            int maxWaiting) {
        this.datagrams = datagrams;
        this.ctx = ctx;
        this.loop = ctx.channel().eventLoop();
        this.ids = ids;
        this.counters = counters;
        this.maxWaiting = maxWaiting;
    }

    /** The largest packet, 0 as long as the peer takes none. Any thread. */
    int maxBytes() {
        return datagrams.maxBytes();
    }

    /** Any thread. */
    OfferResult offer(Packet packet) {
        if (packet.lengthBytes() > maxBytes()) {
            throw LimitException.tooLarge("packet for a datagram", "maxUdpPayload", maxBytes(), packet.lengthBytes());
        }
        if (loop.inEventLoop()) {
            write(packet);
        } else if (waiting.get() >= maxWaiting) {
            return OfferResult.FULL;
        } else {
            waiting.incrementAndGet(); // a few threads too many do not matter
            Packet kept = packet.isBorrowed() ? packet.compact() : packet;
            loop.execute(() -> {
                waiting.decrementAndGet();
                write(kept);
            });
        }
        return OfferResult.ACCEPTED;
    }

    private void write(Packet packet) {
        int length = (int) packet.lengthBytes();
        ByteBuf frame = ctx.alloc().directBuffer(length, length);
        packet.writeTo(
                frame.internalNioBuffer(0, length).slice(),
                0,
                packet.hasMessageId() ? (int) packet.messageId() : ids.nextId());
        packet.release();
        if (datagrams.write(frame.writerIndex(length))) {
            sent++;
        } else {
            counters.unreliableDropped++;
        }
    }

    long sent() {
        return sent;
    }
}
