package io.msgtrans.reactive.channel;

import java.util.ArrayDeque;

/** What waits for one member, as ranges of bytes that are shared with others: a range costs the same however many packets it has. */
final class SharedBacklog {

    /** Packets of one batch, from one to before another. */
    private static final class Range {
        private final FrameBatch.Frames frames;
        private int from;
        private final int to;

        private Range(FrameBatch.Frames frames, int from, int to) {
            this.frames = frames;
            this.from = from;
            this.to = to;
        }

        private int lengthBytes() {
            return frames.start(to) - frames.start(from);
        }
    }

    private final ArrayDeque<Range> ranges = new ArrayDeque<>();
    private int packets;
    private long bytes;

    int packets() {
        return packets;
    }

    long bytes() {
        return bytes;
    }

    void add(FrameBatch.Frames frames, int from, int to) {
        Range range = new Range(frames, from, to);
        frames.hold();
        ranges.add(range);
        packets += to - from;
        bytes += range.lengthBytes();
    }

    /** Length of the oldest packet's frame. */
    int oldestBytes() {
        Range first = ranges.element();
        return first.frames.ends[first.from] - first.frames.start(first.from);
    }

    void dropOldest() {
        Range first = ranges.element();
        bytes -= oldestBytes();
        packets--;
        if (++first.from == first.to) {
            ranges.remove();
            first.frames.release();
        }
    }

    /** Writes the oldest range; gives how many packets it had, 0 for an empty backlog. */
    int write(Outbound outbound) {
        Range first = ranges.poll();
        if (first == null) {
            return 0;
        }
        int count = first.to - first.from;
        FrameBatch.Frames frames = first.frames;
        packets -= count;
        bytes -= first.lengthBytes();
        outbound.writeShared(frames, frames.start(first.from), frames.start(first.to), count);
        frames.release();
        return count;
    }

    /** Drops everything; gives how many packets. */
    int clear() {
        int dropped = packets;
        for (Range range = ranges.poll(); range != null; range = ranges.poll()) {
            range.frames.release();
        }
        packets = 0;
        bytes = 0;
        return dropped;
    }
}
