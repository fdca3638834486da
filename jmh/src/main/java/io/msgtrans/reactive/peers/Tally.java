package io.msgtrans.reactive.peers;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** The server's count of packets: a lane for each connection, so that counting is a plain store. */
public final class Tally {

    private final List<Lane> lanes = new CopyOnWriteArrayList<>();

    /** The count of one more connection. It stays in the sum when the connection ends. */
    public Lane newLane() {
        Lane lane = new Lane();
        lanes.add(lane);
        return lane;
    }

    /** Packets on all connections; a moment old for those of other threads. */
    public long sum() {
        return lanes.stream().mapToLong(Lane::packets).sum();
    }

    /** Counted by one thread, read by any. */
    public static final class Lane {

        private final AtomicLong packets = new AtomicLong();

        private Lane() {}

        /** Counts packets. One writer, so a read and an ordered store do. */
        public void add(int count) {
            packets.lazySet(packets.getPlain() + count);
        }

        private long packets() {
            return packets.get();
        }
    }
}
