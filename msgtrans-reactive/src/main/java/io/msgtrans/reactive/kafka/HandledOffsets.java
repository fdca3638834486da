package io.msgtrans.reactive.kafka;

import org.jspecify.annotations.Nullable;

/**
 * The last records of one partition that this process has handled. When a consumer begins again at what is committed, as it does after
 * an outage of the brokers, some come again; they are known by offset and time, so that a topic that was deleted and made anew is not
 * taken for them. Used by one thread after the other.
 */
final class HandledOffsets {

    /** Commits are half a second or a thousand records apart. What an outage leaves uncommitted beyond this comes again. */
    private static final int KEPT = 4096;

    private long @Nullable [] offsets;
    private long[] times = new long[0];

    void add(ReceivedRecord record) {
        long[] kept = offsets;
        if (kept == null) {
            kept = new long[KEPT];
            times = new long[KEPT];
            kept[0] = -1; // no offset, where 0 would be one
            offsets = kept;
        }
        int slot = slot(record);
        kept[slot] = record.offset();
        times[slot] = record.timestampMillis();
    }

    boolean contains(ReceivedRecord record) {
        long[] kept = offsets;
        return kept != null && kept[slot(record)] == record.offset() && times[slot(record)] == record.timestampMillis();
    }

    private static int slot(ReceivedRecord record) {
        return (int) (record.offset() & (KEPT - 1));
    }
}
