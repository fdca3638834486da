package io.msgtrans.reactive.channel;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whose packets went into one write, so that each sender learns how many of its own the socket took. */
final class Batch implements ChannelFutureListener {

    private record Share(SendSubscriber sender, int packets) {}

    private final Outbound outbound;

    // Event loop only. Most batches have one sender; shares holds those before it.
    private @Nullable SendSubscriber sender;
    private int senderPackets;
    private int offeredPackets;
    private @Nullable List<Share> shares;

    Batch(Outbound outbound) {
        this.outbound = outbound;
    }

    /** Counts a packet of a sender, or of nobody who waits for it. */
    void add(@Nullable SendSubscriber owner) {
        if (owner == null) {
            offeredPackets++;
        } else if (owner == sender) {
            senderPackets++;
        } else {
            if (sender != null) {
                if (shares == null) {
                    shares = new ArrayList<>();
                }
                shares.add(new Share(sender, senderPackets));
            }
            sender = owner;
            senderPackets = 1;
        }
    }

    @Override
    public void operationComplete(ChannelFuture written) {
        if (!written.isSuccess()) {
            outbound.lost(packets());
            return;
        }
        if (shares != null) {
            for (Share share : shares) {
                share.sender.written(share.packets);
            }
        }
        if (sender != null) {
            sender.written(senderPackets);
        }
    }

    private int packets() {
        int packets = offeredPackets + senderPackets;
        if (shares != null) {
            for (Share share : shares) {
                packets += share.packets;
            }
        }
        return packets;
    }
}
