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
public final class ReadSizes {

    private static final int LEAST = 64;

    private record Range(int first, int largest) {
        AdaptiveRecvByteBufAllocator allocator() {
            return new AdaptiveRecvByteBufAllocator(LEAST, first, largest);
        }
    }

    /** Each is the same for all channels, whose handles adapt on their own; there are as many as servers and clients differ. */
    private static final Map<Range, AdaptiveRecvByteBufAllocator> PRESENT = new ConcurrentHashMap<>();

    private ReadSizes() {}

    /** Those of a session's options, for any number of channels. */
    public static RecvByteBufAllocator of(SessionOptions options) {
        return PRESENT.computeIfAbsent(
                new Range(options.firstReadBytes(), options.largestReadBytes()), Range::allocator);
    }
}
