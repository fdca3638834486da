package io.msgtrans.reactive.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** A bucket gives no more than its burst and its rate, and no less to who asks often enough. */
class TokenBucketPropertyTest {

    @Property
    void itGivesWhatItsRateSays(
            @ForAll @IntRange(min = 1, max = 10_000) int perSecond,
            @ForAll @IntRange(min = 1, max = 100) int burst,
            @ForAll @Size(min = 1, max = 200) List<@IntRange(max = 5_000) Integer> pausesMicros) {
        TokenBucket bucket = new TokenBucket(Rate.of(perSecond, burst), 0);
        double tokens = burst;
        long now = 0;
        long taken = 0;
        for (int pause : pausesMicros) {
            now += TimeUnit.MICROSECONDS.toNanos(pause);
            tokens = Math.min(burst, tokens + pause * 1e-6 * perSecond);
            boolean given = bucket.tryTake(now);
            if (given) {
                taken++;
                tokens -= 1;
                assertThat(tokens).isGreaterThan(-1e-3);
            } else {
                assertThat(tokens).isLessThan(1 + 1e-3);
            }
        }
        assertThat(taken).isLessThanOrEqualTo((long) (burst + now * 1e-9 * perSecond + 1e-3));
    }
}
