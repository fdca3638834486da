package io.msgtrans.reactive.test;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;
import reactor.blockhound.BlockHound;

/** Makes a blocking call on an event loop an error in every test of this module. */
public final class BlockHoundSetup implements LauncherSessionListener {

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        BlockHound.builder()
                .loadIntegrations()
                // Classes that are loaded on first use are read from disk, whatever thread needs them first.
                .allowBlockingCallsInside(ClassLoader.class.getName(), "loadClass")
                .allowBlockingCallsInside("java.util.ServiceLoader$LazyClassPathLookupIterator", "parse")
                // Netty's allocator waits for one allocation of another thread when it grows for contention.
                .allowBlockingCallsInside(
                        "io.netty.buffer.AdaptivePoolingAllocator$MagazineGroup", "tryExpandMagazines")
                .install();
    }
}
