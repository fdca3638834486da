package io.msgtrans.reactive.eventloop;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.SelectStrategy;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.kqueue.KQueue;
import io.netty.channel.kqueue.KQueueDatagramChannel;
import io.netty.channel.kqueue.KQueueIoHandler;
import io.netty.channel.kqueue.KQueueServerSocketChannel;
import io.netty.channel.kqueue.KQueueSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What belongs to a kind of input and output: its handler, and its channels by what they are. */
record SocketChannels(IoHandlerFactory handler, Map<Class<?>, Class<? extends Channel>> classes) {

    private static final SelectStrategy SLEEP =
            (selectNow, hasTasks) -> hasTasks ? selectNow.get() : SelectStrategy.SELECT;

    /**
     * Those of a kind.
     *
     * @throws IllegalStateException when it is not available here
     */
    static SocketChannels of(IoKind kind, boolean polling) {
        require(kind, unavailable(kind));
        return switch (kind) {
            case AUTO -> throw new IllegalArgumentException("resolve it first");
            case EPOLL ->
                new SocketChannels(
                        handlers(polling, wait -> EpollIoHandler.newFactory(0, wait)),
                        classes(EpollSocketChannel.class, EpollServerSocketChannel.class, EpollDatagramChannel.class));
            case KQUEUE ->
                new SocketChannels(
                        handlers(polling, wait -> KQueueIoHandler.newFactory(0, wait)),
                        classes(
                                KQueueSocketChannel.class,
                                KQueueServerSocketChannel.class,
                                KQueueDatagramChannel.class));
            case IO_URING -> {
                if (polling) {
                    throw new IllegalArgumentException("options busyPolling and spin have no effect on io_uring");
                }
                yield new SocketChannels(
                        IoUringIoHandler.newFactory(),
                        classes(
                                IoUringSocketChannel.class,
                                IoUringServerSocketChannel.class,
                                IoUringDatagramChannel.class));
            }
            case NIO ->
                new SocketChannels(
                        handlers(polling, wait -> NioIoHandler.newFactory(SelectorProvider.provider(), wait)),
                        classes(NioSocketChannel.class, NioServerSocketChannel.class, NioDatagramChannel.class));
        };
    }

    private static IoHandlerFactory handlers(boolean polling, Function<SelectStrategyFactory, IoHandlerFactory> kind) {
        return polling ? PollingLoop.handlers(kind) : kind.apply(() -> SLEEP);
    }

    private static Map<Class<?>, Class<? extends Channel>> classes(
            Class<? extends SocketChannel> socket,
            Class<? extends ServerSocketChannel> server,
            Class<? extends DatagramChannel> datagram) {
        return Map.of(SocketChannel.class, socket, ServerSocketChannel.class, server, DatagramChannel.class, datagram);
    }

    /** What {@link IoKind#AUTO} stands for here. */
    static IoKind resolve(IoKind kind) {
        if (kind != IoKind.AUTO) {
            return kind;
        }
        if (unavailable(IoKind.EPOLL) == null) {
            return IoKind.EPOLL;
        }
        return unavailable(IoKind.KQUEUE) == null ? IoKind.KQUEUE : IoKind.NIO;
    }

    private static void require(IoKind kind, @Nullable Throwable unavailable) {
        if (unavailable != null) {
            throw new IllegalStateException(
                    "option io: " + kind + " is not available here; it needs io.netty:netty-transport-native-"
                            + kind.name().toLowerCase(Locale.ROOT)
                            + " for this platform on the class path, and a system that has it: " + unavailable,
                    unavailable);
        }
    }

    /** Why there is none, or {@code null} when there is. */
    static @Nullable Throwable unavailable(IoKind kind) {
        try {
            return switch (kind) {
                case EPOLL -> Epoll.unavailabilityCause();
                case IO_URING -> IoUring.unavailabilityCause();
                case KQUEUE -> KQueue.unavailabilityCause();
                case AUTO, NIO -> null;
            };
        } catch (NoClassDefFoundError missing) {
            return missing; // its jar is optional
        }
    }
}
