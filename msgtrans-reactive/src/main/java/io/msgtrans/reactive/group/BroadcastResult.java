package io.msgtrans.reactive.group;

/**
 * What became of a broadcast.
 *
 * @param delivered members whose socket or backlog has the packet
 * @param dropped packets that were dropped for it, this one or older ones, or replaced by it
 * @param disconnected members that were closed because their backlog was full
 */
public record BroadcastResult(long delivered, long dropped, long disconnected) {

    /** Nobody was there. */
    public static final BroadcastResult NONE = new BroadcastResult(0, 0, 0);

    /** Both together. */
    public BroadcastResult plus(BroadcastResult more) {
        return new BroadcastResult(
                delivered + more.delivered, dropped + more.dropped, disconnected + more.disconnected);
    }
}
