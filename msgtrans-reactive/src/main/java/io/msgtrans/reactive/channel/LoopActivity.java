package io.msgtrans.reactive.channel;

import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * Which connections of an event loop are busy, and how much the only busy one has in flight. With one busy connection, flushing replies only
 * at the end of a burst makes both peers wait for each other in turn; with many, early flushes only cost system calls. So replies are
 * flushed early where the last bursts of the event loop all came from the same connection: when three quarters of what is in flight are
 * answered. Each side then has work while the other one sends, and a burst that is smaller is not cut into pieces: with half of it
 * bursts of any size were, which cost a fifth more of the processor, and of the rate.
 *
 * <p>How much is in flight shows when a burst is answered all at once, which is done now and then: the peer then sends all of it at once.
 */
final class LoopActivity {

    private static final int EXCLUSIVE_BURSTS = 8;
    /** One burst of so many is answered at once, to see what is in flight. */
    private static final int PERIOD_BURSTS = 64;
    /** Bursts of less are not answered in pieces, however much they set off: a grant of credit is one packet, and its stream thousands. */
    private static final int LEAST_PACKETS = 16;

    private static final int FIRST_PACKETS = 32;

    /** Nothing is flushed before the end of a burst. */
    static final int AT_THE_END = Integer.MAX_VALUE;

    private static final FastThreadLocal<LoopActivity> CURRENT = new FastThreadLocal<>() {
        @Override
        protected LoopActivity initialValue() {
            return new LoopActivity();
        }
    };

    private @Nullable Object last;
    private int bursts;
    /** Packets of the largest burst in this period. */
    private int largest;

    private int flushPackets = FIRST_PACKETS;

    static LoopActivity current() {
        return CURRENT.get();
    }

    /** Notes that a burst of a connection begins, and tells after how many replies they are flushed. */
    int flushPackets(Object connection) {
        if (last != connection) {
            last = connection;
            bursts = 0;
            largest = 0;
            flushPackets = FIRST_PACKETS;
            return AT_THE_END;
        }
        if (++bursts < EXCLUSIVE_BURSTS) {
            return AT_THE_END;
        }
        if (bursts < EXCLUSIVE_BURSTS + PERIOD_BURSTS) {
            return flushPackets;
        }
        bursts = EXCLUSIVE_BURSTS;
        flushPackets = largest < LEAST_PACKETS ? AT_THE_END : largest - largest / 4;
        largest = 0;
        return AT_THE_END;
    }

    /** Notes how many packets the burst had. */
    void burst(long packets) {
        largest = (int) Math.max(largest, Math.min(packets, Integer.MAX_VALUE));
    }
}
