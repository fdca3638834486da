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
                // Classes and texts that are loaded on first use are read from disk, whatever thread needs them first.
                .allowBlockingCallsInside("java.util.ResourceBundle", "loadBundle")
                .allowBlockingCallsInside(ClassLoader.class.getName(), "loadClass")
                .allowBlockingCallsInside("java.util.ServiceLoader$LazyClassPathLookupIterator", "parse")
                // Logs go to a file here.
                .allowBlockingCallsInside("org.slf4j.simple.SimpleLogger", "write")
                // Netty's allocator waits for one allocation of another thread when it grows for contention.
                .allowBlockingCallsInside(
                        "io.netty.buffer.AdaptivePoolingAllocator$MagazineGroup", "tryExpandMagazines")
                // Connections that resume the same TLS session lock it for a moment.
                .allowBlockingCallsInside("sun.security.ssl.SSLEngineImpl", "wrap")
                .allowBlockingCallsInside("sun.security.ssl.SSLEngineImpl", "unwrap")
                .allowBlockingCallsInside("sun.security.ssl.SSLSessionImpl", "isValid")
                .install();
    }
}
