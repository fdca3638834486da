package io.msgtrans.reactive.channel;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import org.jspecify.annotations.Nullable;

/**
 * Whose packets went into one write, so that each sender learns how many of its own the socket took.
 *
 * @param sender whose packets they are, or {@code null} when nobody waits for them
 * @param count how many of its packets follow each other
 * @param before those before them in the same write
 */
record Batch(
        Outbound outbound,
        @Nullable SendSubscriber sender,
        int count,
        @Nullable Batch before) implements ChannelFutureListener {

    @Override
    public void operationComplete(ChannelFuture written) {
        if (!written.isSuccess()) {
            outbound.lost(packets());
            return;
        }
        for (Batch batch = this; batch != null; batch = batch.before) {
            if (batch.sender != null) {
                batch.sender.written(batch.count);
            }
        }
    }

    /** Packets of all senders in the write. */
    int packets() {
        int packets = 0;
        for (Batch batch = this; batch != null; batch = batch.before) {
            packets += batch.count;
        }
        return packets;
    }
}
