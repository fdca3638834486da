package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A stream of a session: the ends that are open on this side, and the item whose fragments are arriving. Event loop only. */
final class Stream {

    final int id;
    /** The lane that its frames take, so that they keep their order. */
    final Outbound outbound;
    /** Whether this side opened it. */
    final boolean opened;
    /** Whether it was opened by a packet of high priority: its items go before those of other streams. */
    final boolean urgent;

    /** While this side sends items. */
    @Nullable
    StreamSender sender;
    /** Whether the peer sends items; then to whom, once somebody asked for them. */
    boolean receiving;

    @Nullable
    StreamReceiver receiver;
    /** Whether the items of a stream of the peer have, or had, their only subscriber. */
    boolean itemsTaken;
    /** Why the peer's items ended before somebody asked for them; {@code null} for completion. */
    @Nullable
    Throwable peerError;

    private @Nullable Packet fragmented;
    private byte[] fragments = {};
    private int fragmentsLength;

    Stream(int id, Outbound outbound, boolean opened, boolean urgent) {
        this.id = id;
        this.outbound = outbound;
        this.opened = opened;
        this.urgent = urgent;
    }

    boolean isEnded() {
        return sender == null && !receiving;
    }

    /**
     * Takes a fragment; gives the whole item with the last one.
     *
     * @param max largest payload of an item
     */
    @Nullable
    Packet assemble(Packet fragment, boolean continued, int max) {
        Packet head = fragmented;
        if (head == null && !continued) {
            return fragment;
        }
        long length = (long) fragmentsLength + fragment.payloadLength();
        if (length > max) {
            throw new ProtocolException(
                    Rule.TOO_LARGE, "item of more than " + max + " bytes in fragments (option maxPayload)");
        }
        if (length > fragments.length) {
            fragments = Arrays.copyOf(fragments, (int) Math.min(max, Math.max(length, fragments.length * 2L)));
        }
        byte[] payload = fragment.payload();
        System.arraycopy(payload, 0, fragments, fragmentsLength, payload.length);
        fragmentsLength = (int) length;
        if (head == null) {
            head = fragment;
            fragmented = fragment;
        }
        if (continued) {
            return null;
        }
        byte[] whole = fragments.length == fragmentsLength ? fragments : Arrays.copyOf(fragments, fragmentsLength);
        fragmented = null;
        fragments = new byte[0];
        fragmentsLength = 0;
        return head.withPayload(whole, head.compression());
    }
}
