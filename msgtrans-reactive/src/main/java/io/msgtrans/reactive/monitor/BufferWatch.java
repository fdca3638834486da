package io.msgtrans.reactive.monitor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * What Netty's allocator does, by the events that it writes to JDK Flight Recorder: each buffer, by its size, and each chunk of
 * memory that it takes from the system. It is the buffer pool, and this only looks; a buffer is a hit when no chunk had to be taken for it.
 *
 * <p>An event costs more than the buffer that it tells of, so buffers are counted in one second of ten, and chunks, which are rare,
 * always.
 */
public final class BufferWatch implements AutoCloseable {

    /**
     * The buffers of one range of sizes, as far as they were counted.
     *
     * @param name {@code small}, {@code medium}, {@code large} or {@code huge}
     * @param maxBytes the largest of the range
     * @param allocated how many were made, in the seconds in which they were counted
     * @param pooled how many of them lie in a chunk that is kept; others are given back to the system at once
     */
    public record SizeRange(String name, long maxBytes, long allocated, long pooled) {}

    /**
     * What was seen.
     *
     * @param sizes the four ranges: up to 1 KiB, 8 KiB, 64 KiB, and above
     * @param chunks chunks taken from the system
     * @param chunkBytes the bytes of the chunks that are in use
     * @param hitRate share of the buffers of the last ten seconds that needed no new chunk; negative while nothing was seen
     */
    public record Table(List<SizeRange> sizes, long chunks, long chunkBytes, double hitRate) {}

    private static final long[] LIMITS = {1 << 10, 8 << 10, 64 << 10, 1 << 20};
    private static final String[] NAMES = {"small", "medium", "large", "huge"};
    private static final int PERIOD_SECONDS = 10;
    private static final String BUFFER = "io.netty.AllocateBuffer";
    private static final String CHUNK = "io.netty.AllocateChunk";
    private static final String FREE_CHUNK = "io.netty.FreeChunk";

    private final RecordingStream stream = new RecordingStream();
    private final AtomicLongArray allocated = new AtomicLongArray(LIMITS.length);
    private final AtomicLongArray pooled = new AtomicLongArray(LIMITS.length);
    private final LongAdder chunks = new LongAdder();
    private final AtomicLong chunkBytes = new AtomicLong();

    private final Disposable windows;
    private long chunksBefore;
    private long buffersBefore;
    private volatile double hitRate = -1;

    private BufferWatch() {
        stream.setMaxAge(Duration.ofSeconds(PERIOD_SECONDS));
        stream.enable(CHUNK).withoutStackTrace();
        stream.enable(FREE_CHUNK).withoutStackTrace();
        stream.enable(BUFFER).withoutStackTrace();
        stream.onEvent(BUFFER, this::buffer);
        stream.onEvent(CHUNK, event -> {
            chunks.increment();
            chunkBytes.addAndGet(event.getInt("capacity"));
        });
        stream.onEvent(FREE_CHUNK, event -> chunkBytes.addAndGet(-event.getInt("capacity")));
        windows = Flux.interval(Duration.ofSeconds(1), Schedulers.boundedElastic())
                .onBackpressureDrop()
                .subscribe(this::second);
    }

    /** Begins to look; ends with {@link #close}. */
    public static BufferWatch start() {
        BufferWatch watch = new BufferWatch();
        watch.stream.startAsync();
        return watch;
    }

    /** Buffers are counted in the first second of each period; its events have come when the period ends. */
    private void second(long number) {
        long inPeriod = number % PERIOD_SECONDS;
        if (inPeriod == 0) {
            stream.disable(BUFFER);
        } else if (inPeriod == PERIOD_SECONDS - 1) {
            endPeriod();
            stream.enable(BUFFER).withoutStackTrace();
        }
    }

    private void endPeriod() {
        long buffers = buffers();
        long counted = buffers - buffersBefore;
        long taken = chunks.sum() - chunksBefore;
        buffersBefore = buffers;
        chunksBefore = chunks.sum();
        if (counted > 0) {
            hitRate = Math.max(0, 1 - (double) taken / (counted * PERIOD_SECONDS));
        }
    }

    private long buffers() {
        long all = 0;
        for (int i = 0; i < LIMITS.length; i++) {
            all += allocated.get(i);
        }
        return all;
    }

    private void buffer(RecordedEvent event) {
        int size = event.getInt("size");
        int range = 0;
        while (range < LIMITS.length - 1 && size > LIMITS[range]) {
            range++;
        }
        allocated.incrementAndGet(range);
        if (event.getBoolean("chunkPooled")) {
            pooled.incrementAndGet(range);
        }
    }

    double hitRate() {
        return hitRate;
    }

    /** What was seen so far. */
    public Table table() {
        List<SizeRange> sizes = new ArrayList<>();
        for (int i = 0; i < LIMITS.length; i++) {
            long limit = i == LIMITS.length - 1 ? Integer.MAX_VALUE : LIMITS[i];
            sizes.add(new SizeRange(NAMES[i], limit, allocated.get(i), pooled.get(i)));
        }
        return new Table(sizes, chunks.sum(), Math.max(0, chunkBytes.get()), hitRate);
    }

    @Override
    public void close() {
        windows.dispose();
        stream.close();
    }
}
