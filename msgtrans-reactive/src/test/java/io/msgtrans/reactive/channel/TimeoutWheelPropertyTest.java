package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Time-outs come neither early nor more than two ticks late, whatever is set, taken back and waited for in between. */
class TimeoutWheelPropertyTest {

    private static final long TICK_MILLIS = 10;

    private static final class Entry extends TimeoutWheel.Timeout {
        private final long dueMillis;
        private boolean cancelled;
        private boolean expired;

        Entry(long dueMillis) {
            this.dueMillis = dueMillis;
        }

        @Override
        void expire() {
            assertThat(expired || cancelled).isFalse();
            expired = true;
        }
    }

    /** @param steps how long to wait, then after how long a new one is due; every third cancels an older one */
    @Property(tries = 200)
    void eachComesInItsTime(@ForAll @Size(max = 60) List<@IntRange(max = 25_000) Integer> steps) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        TimeoutWheel wheel = TimeoutWheel.of(channel.eventLoop());
        List<Entry> entries = new ArrayList<>();
        long nowMillis = 0;
        for (int i = 0; i < steps.size(); i++) {
            long delay = steps.get(i);
            Entry entry = new Entry(nowMillis + delay);
            entries.add(entry);
            wheel.schedule(entry, TimeUnit.MILLISECONDS.toNanos(delay));
            if (i % 3 == 2) {
                Entry other = entries.get((int) (delay % entries.size()));
                other.cancelled = !other.expired;
                wheel.cancel(other);
            }
            long wait = delay % 700;
            for (long waited = 0; waited < wait; waited += TICK_MILLIS) {
                channel.advanceTimeBy(TICK_MILLIS, TimeUnit.MILLISECONDS);
                channel.runScheduledPendingTasks();
                nowMillis += TICK_MILLIS;
                check(entries, nowMillis);
            }
        }
        channel.finishAndReleaseAll();
    }

    private static void check(List<Entry> entries, long nowMillis) {
        for (Entry entry : entries) {
            if (nowMillis < entry.dueMillis) {
                assertThat(entry.expired).as("early").isFalse();
            } else if (nowMillis > entry.dueMillis + 2 * TICK_MILLIS) {
                assertThat(entry.expired || entry.cancelled).as("late").isTrue();
            }
        }
    }
}
