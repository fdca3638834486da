package io.msgtrans.reactive;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Fails each test class of this module by which a buffer was dropped without release: registered for all by
 * {@code META-INF/services}, as a listener too, as Netty asks for its detector once, and that may be before the first class runs. The test
 * kit has the same for its users, and needs this module to be built.
 */
public final class BufferLeaks implements LauncherSessionListener, AfterAllCallback {

    private static final Duration COLLECTION_TIMEOUT = Duration.ofSeconds(20);
    private static final List<String> FOUND = new CopyOnWriteArrayList<>();

    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            @SuppressWarnings("deprecation") // abstract in the class that Netty offers for this
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                    Class<T> resource, int samplingInterval, long maxActive) {
                return new Detector<>(resource, samplingInterval);
            }
        });
    }

    private static final class Detector<T> extends ResourceLeakDetector<T> {
        Detector(Class<?> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            super.reportTracedLeak(resourceType, records);
            FOUND.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            super.reportUntracedLeak(resourceType);
            FOUND.add(resourceType);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        reportAll();
        List<String> leaks = List.copyOf(FOUND);
        FOUND.clear();
        if (!leaks.isEmpty()) {
            throw new AssertionError(leaks.size() + " buffers were not released; the first: " + leaks.get(0));
        }
    }

    /** What was dropped so far was dropped on purpose. */
    public static void forget() throws InterruptedException {
        reportAll();
        FOUND.clear();
    }

    /** A leak shows when the buffer was collected and another one is allocated. */
    private static void reportAll() throws InterruptedException {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        for (int i = 0; i < 2; i++) { // those of the same collection come in any order
            WeakReference<Object> last = new WeakReference<>(new Object(), collected);
            System.gc();
            if (collected.remove(COLLECTION_TIMEOUT.toMillis()) != last) {
                throw new AssertionError("nothing was collected within " + COLLECTION_TIMEOUT);
            }
            PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
    }
}
