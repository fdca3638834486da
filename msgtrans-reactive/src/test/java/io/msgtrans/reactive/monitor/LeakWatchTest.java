package io.msgtrans.reactive.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class LeakWatchTest {

    private final Random random = new Random(3);

    private List<Leak> after(int seconds, IntToLongFunction heap, IntToLongFunction sessions) {
        History history = new History();
        MonitorSnapshot last = Snapshots.at(0, 1);
        for (int second = 0; second < seconds; second++) {
            last = Snapshots.at(second, 100, (int) sessions.applyAsLong(second), heap.applyAsLong(second), 0.2);
            history.add(last);
        }
        return new LeakWatch(0.45, Duration.ofSeconds(1)).leaks(history, last);
    }

    private long noisy(double mib) {
        return (long) ((mib + random.nextGaussian() * 5) * (1 << 20));
    }

    @Test
    void aHeapThatGrowsIsNamed() {
        List<Leak> leaks = after(600, second -> noisy(400 + second / 6.0), second -> 10);
        assertThat(leaks).singleElement().satisfies(leak -> {
            assertThat(leak.what()).isEqualTo("heap after collections");
            assertThat(leak.perMinute()).isBetween(9.0, 11.0);
            assertThat(leak.message()).contains("heap dump");
        });
    }

    @Test
    void growthThatNobodyHasCollectedYetIsNone() {
        assertThat(after(600, second -> noisy(100 + second / 6.0), second -> 10))
                .isEmpty();
    }

    @Test
    void noiseIsNone() {
        assertThat(after(600, second -> noisy(500), second -> 1000 + random.nextInt(200)))
                .isEmpty();
    }

    @Test
    void sessionsThatPileUpAreNamed() {
        List<Leak> leaks = after(600, second -> noisy(100), second -> 50 + second);
        assertThat(leaks).extracting(Leak::what).containsExactly("sessions");
    }

    @Test
    void aShortTimeSaysNothing() {
        assertThat(after(200, second -> noisy(400 + second), second -> 50 + second))
                .isEmpty();
    }

    @Test
    void buffersThatAreDroppedAreCounted() {
        ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        LeakWatch.listen();
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            List<Leak> leaks = List.of();
            while (leaks.isEmpty() && System.nanoTime() - end < 0) {
                drop();
                System.gc();
                leaks = after(1, second -> 0, second -> 0);
            }
            assertThat(leaks).singleElement().satisfies(leak -> {
                assertThat(leak.what()).isEqualTo("buffers dropped without release");
                assertThat(leak.now()).isPositive();
            });
        } finally {
            LeakWatch.forget();
            ResourceLeakDetector.setLevel(before);
        }
        assertThat(after(1, second -> 0, second -> 0)).isEmpty();
    }

    /** What the detector tracks is reported when the next one is allocated. */
    private static void drop() {
        for (int i = 0; i < 100; i++) {
            var unused = ByteBufAllocator.DEFAULT.directBuffer(16);
        }
    }
}
