package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.SessionOptions;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How much is read from a channel at a time, option {@code readBytes}. A channel asks for it when it reads for the first time, and never
 * again.
 */
public record ReadSizes(int first, int largest) {

    private static final int LEAST = 64;

    /** Each is the same for all channels, whose handles adapt on their own; there are as many as servers and clients differ. */
    private static final Map<ReadSizes, AdaptiveRecvByteBufAllocator> PRESENT = new ConcurrentHashMap<>();

    /** Those of a session's options. */
    public static RecvByteBufAllocator of(SessionOptions options) {
        return PRESENT.computeIfAbsent(
                new ReadSizes(options.firstReadBytes(), options.largestReadBytes()), ReadSizes::allocator);
    }

    private AdaptiveRecvByteBufAllocator allocator() {
        return new AdaptiveRecvByteBufAllocator(LEAST, first, largest);
    }
}
