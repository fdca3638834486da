package io.msgtrans.reactive.eventloop;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;
import reactor.netty.resources.LoopResources;

/**
 * Event loops made as {@link EventLoopOptions} say, for {@code TransportServer.runOn} and {@code TransportClient.runOn}, and whatever of
 * Reactor Netty's own should share them. Threads start when they are first needed, are daemons, and end with {@link #disposeLater}.
 */
public final class EventLoops implements LoopResources {

    private final EventLoopOptions options;
    private final IoKind io;
    private final long pollNanos;
    private final SocketChannels channels;
    private final List<BitSet> places;

    // Guarded by this.
    private @Nullable EventLoopGroup workers;
    private @Nullable EventLoopGroup acceptor;
    private boolean disposed;

    private EventLoops(EventLoopOptions options, CpuTopology topology, boolean limited) {
        this.options = options;
        this.io = SocketChannels.resolve(options.io());
        this.pollNanos = options.pollNanos(io, limited);
        this.channels = SocketChannels.of(io, pollNanos > 0);
        int threads = options.threads() == 0
                ? Math.min(topology.processors(), Runtime.getRuntime().availableProcessors())
                : options.threads();
        this.places = topology.place(threads, options.pinning());
        if (options.pinning() != Pinning.NONE) {
            PinnedThreads.check(places.get(0));
        }
    }

    /**
     * Event loops for this machine, which the caller disposes.
     *
     * @throws IllegalStateException when an option needs what is not here
     */
    public static EventLoops create(EventLoopOptions options) {
        return new EventLoops(options, CpuTopology.read(), CpuQuota.isSet());
    }

    /** Whether threads can be bound to processors here. */
    public static boolean canPin() {
        return Pin.POSSIBLE;
    }

    /** Found out when somebody asks. */
    private static final class Pin {
        static final boolean POSSIBLE = PinnedThreads.isPossible();
    }

    /** How they were made. */
    public EventLoopOptions options() {
        return options;
    }

    /** What {@link IoKind#AUTO} came to. */
    public IoKind io() {
        return io;
    }

    /** How many threads there are at most, besides the one that accepts connections. */
    public int threads() {
        return places.size();
    }

    @Override
    public EventLoopGroup onServer(boolean useNative) {
        return workers();
    }

    @Override
    public EventLoopGroup onClient(boolean useNative) {
        return workers();
    }

    private synchronized EventLoopGroup workers() {
        EventLoopGroup present = workers;
        if (present == null) {
            present = group(places.size(), new LoopThreads("", options.pinning() == Pinning.NONE ? List.of() : places));
            workers = present;
        }
        return present;
    }

    /** One thread that accepts, and never polls busily: accepting is rare. */
    @Override
    public synchronized EventLoopGroup onServerSelect(boolean useNative) {
        EventLoopGroup present = acceptor;
        if (present == null) {
            checkOpen();
            present = new MultiThreadIoEventLoopGroup(
                    1,
                    new LoopThreads("-accept", List.of()),
                    SocketChannels.of(io, false).handler());
            acceptor = present;
        }
        return present;
    }

    private EventLoopGroup group(int threads, ThreadFactory factory) {
        checkOpen();
        return pollNanos > 0
                ? PollingLoop.group(threads, factory, channels.handler(), pollNanos)
                : new MultiThreadIoEventLoopGroup(threads, factory, channels.handler());
    }

    private void checkOpen() {
        if (disposed) {
            throw new IllegalStateException(this + " are disposed");
        }
    }

    @Override
    public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
        return type.cast(new ReflectiveChannelFactory<>(onChannelClass(type, group)).newChannel());
    }

    @Override
    public <C extends Channel> Class<? extends C> onChannelClass(Class<C> type, EventLoopGroup group) {
        Class<? extends Channel> found = channels.classes().get(type);
        if (found == null) {
            throw new IllegalArgumentException("no " + type.getSimpleName() + " on " + io);
        }
        return found.asSubclass(type);
    }

    @Override
    public boolean daemon() {
        return true;
    }

    @Override
    public synchronized boolean isDisposed() {
        return disposed;
    }

    @Override
    public void dispose() {
        disposeLater().subscribe();
    }

    @Override
    public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
        return Mono.defer(() -> {
            List<EventLoopGroup> ending = new ArrayList<>();
            synchronized (this) {
                disposed = true;
                if (workers != null) {
                    ending.add(workers);
                }
                if (acceptor != null) {
                    ending.add(acceptor);
                }
            }
            return Mono.when(ending.stream()
                    .map(group -> ended(group.shutdownGracefully(
                            quietPeriod.toMillis(), timeout.toMillis(), TimeUnit.MILLISECONDS)))
                    .toList());
        });
    }

    private static Mono<Void> ended(Future<?> end) {
        return Mono.create(sink -> end.addListener(done -> sink.success()));
    }

    @Override
    public String toString() {
        String bound =
                switch (options.pinning()) {
                    case NONE -> "";
                    case NODE -> ", each bound to a NUMA node";
                    case PROCESSOR -> ", each bound to a processor";
                };
        String polling = options.isBusyPolling()
                ? ", polling busily"
                : pollNanos == 0 ? "" : ", polling for up to " + pollNanos / 1000 + " us before they sleep";
        return (places.size() == 1 ? "1 event loop " : places.size() + " event loops ") + options.name() + " on "
                + io.name().toLowerCase(Locale.ROOT) + bound + polling;
    }

    /** A thread on which blocking calls of Reactor fail. */
    private static final class LoopThread extends FastThreadLocalThread implements NonBlocking {
        LoopThread(Runnable task, String name) {
            super(null, task, name);
        }
    }

    /** Each thread has the next place. */
    private final class LoopThreads implements ThreadFactory {
        private final String role;
        private final List<BitSet> bound;
        private final AtomicInteger made = new AtomicInteger();

        LoopThreads(String role, List<BitSet> bound) {
            this.role = role;
            this.bound = bound;
        }

        @Override
        public Thread newThread(Runnable loop) {
            int number = made.getAndIncrement();
            Runnable task = bound.isEmpty()
                    ? loop
                    : () -> {
                        PinnedThreads.pin(bound.get(number % bound.size()));
                        loop.run();
                    };
            LoopThread thread = new LoopThread(
                    task, options.name() + role + "-" + io.name().toLowerCase(Locale.ROOT) + "-" + (number + 1));
            thread.setDaemon(true);
            return thread;
        }
    }
}
