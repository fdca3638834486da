package io.msgtrans.reactive;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails each test class of this module by which a buffer was dropped without release: registered for all by
 * {@code META-INF/services}. The test kit's check, which users see, needs this module to be built.
 */
public final class BufferLeaks implements BeforeAllCallback, AfterAllCallback {

    private static final Duration COLLECTION_TIMEOUT = Duration.ofSeconds(20);
    private static final List<String> FOUND = new CopyOnWriteArrayList<>();

    /** Anew for each class, as Netty has room for one listener and a test of monitoring takes it. */
    @Override
    public void beforeAll(ExtensionContext context) {
        ByteBufUtil.setLeakListener((resource, records) -> FOUND.add(resource + records));
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        // A leak shows when the buffer was collected and another one is allocated.
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        for (int i = 0; i < 2; i++) { // those of the same collection come in any order
            WeakReference<Object> last = new WeakReference<>(new Object(), collected);
            System.gc();
            if (collected.remove(COLLECTION_TIMEOUT.toMillis()) != last) {
                throw new AssertionError("nothing was collected within " + COLLECTION_TIMEOUT);
            }
            PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
        List<String> leaks = List.copyOf(FOUND);
        FOUND.clear();
        if (!leaks.isEmpty()) {
            throw new AssertionError(leaks.size() + " buffers were not released; the first: " + leaks.get(0));
        }
    }
}
