package io.msgtrans.reactive.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * How much of a UDP socket is read before what it brought is acknowledged and answered, with one datagram or more. An
 * acknowledgement for each small datagram lets the peer send one by one, which stays so; all that is there would let both
 * sides wait for each other in turn.
 */
final class DatagramReads extends DefaultMaxMessagesRecvByteBufAllocator {

    /** The kernel gives several datagrams of a sender at once, up to so many bytes; what has no room is lost. */
    private static final int LARGEST_READ_BYTES = 64 << 10;
    /** No further read behind so many bytes: seven datagrams of an Ethernet, or a large one. */
    private static final int ENOUGH_BYTES = 8 << 10;

    private static final int MOST_READS = 16;

    DatagramReads() {
        super(MOST_READS);
    }

    @Override
    @SuppressWarnings("deprecation") // what the interface names
    public Handle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public int guess() {
                return LARGEST_READ_BYTES;
            }

            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                return allocator.ioBuffer(LARGEST_READ_BYTES);
            }

            @Override
            public boolean continueReading(UncheckedBooleanSupplier more) {
                return totalBytesRead() < ENOUGH_BYTES && super.continueReading(more);
            }
        };
    }
}
