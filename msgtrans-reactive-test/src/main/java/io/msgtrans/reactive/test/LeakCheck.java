package io.msgtrans.reactive.test;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that fails a test class when Netty's leak detector finds a buffer that was dropped without release.
 * Run with {@code -Dio.netty.leakDetection.level=paranoid}, or few leaks are seen.
 */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {

    /** More than one, as what was collected together is told in any order. */
    private static final int COLLECTIONS = 3;

    private static final Duration COLLECTION_TIMEOUT = Duration.ofSeconds(20);
    private static final List<String> LEAKS = new CopyOnWriteArrayList<>();

    private static volatile boolean detectorIsOurs;

    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new RecordingFactory());
    }

    /** Makes detectors that remember what they find. */
    private static final class RecordingFactory extends ResourceLeakDetectorFactory {
        @Override
        @SuppressWarnings("deprecation") // abstract in the class that Netty offers for this
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            detectorIsOurs |= resource == ByteBuf.class;
            return new RecordingDetector<>(resource, samplingInterval);
        }
    }

    private static final class RecordingDetector<T> extends ResourceLeakDetector<T> {
        RecordingDetector(Class<?> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            super.reportTracedLeak(resourceType, records);
            LEAKS.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            super.reportUntracedLeak(resourceType);
            LEAKS.add(resourceType);
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Unpooled.directBuffer(1).release();
        if (!detectorIsOurs) { // Netty asks once, and did so before: for example a test without this check ran earlier
            ByteBufUtil.setLeakListener((resourceType, records) -> LEAKS.add(resourceType + records));
        }
        LEAKS.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        // A leak shows when the buffer was collected and another one is allocated.
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        for (int i = 0; i < COLLECTIONS; i++) {
            WeakReference<Object> last = new WeakReference<>(new Object(), collected);
            System.gc();
            if (collected.remove(COLLECTION_TIMEOUT.toMillis()) != last) {
                throw new AssertionError("nothing was collected within " + COLLECTION_TIMEOUT);
            }
            PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
        if (!LEAKS.isEmpty()) {
            throw new AssertionError(LEAKS.size() + " buffers were not released; the first: " + LEAKS.get(0));
        }
    }
}
