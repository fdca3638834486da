package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.EndpointOptions;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandler;
import io.netty.channel.DefaultMessageSizeEstimator;
import io.netty.channel.FileRegion;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import reactor.netty.resources.LoopResources;
import reactor.netty.transport.ClientTransport;
import reactor.netty.transport.ServerTransport;

/** What an endpoint's options mean for the sockets of TCP, on the event loops of its context. */
public final class SocketSettings {

    private static final int BACKLOG = 4096;

    /** Netty's own one takes a part of a file for nothing, so a full socket would not show. */
    private static final MessageSizeEstimator WITH_FILES = () -> {
        MessageSizeEstimator.Handle others = DefaultMessageSizeEstimator.DEFAULT.newHandle();
        return message -> message instanceof FileRegion file
                ? (int) Math.min(Integer.MAX_VALUE, file.count() - file.transferred())
                : others.size(message);
    };

    private SocketSettings() {}

    /** A server of Reactor Netty's on its address, its event loops, and with its options of sockets. */
    public static <T extends ServerTransport<T, ?>> T server(T server, SessionContext context) {
        T made = server.runOn(context.loops())
                .bindAddress(() -> new InetSocketAddress(
                        context.uri().getHost(), Math.max(0, context.uri().getPort())))
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true);
        if (context.endpoint().isSharePort()) {
            made = made.option(
                    isNio(context.loops())
                            ? NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT)
                            : UnixChannelOption.SO_REUSEPORT,
                    true);
        }
        if (hasEpoll(context.loops())) {
            made = made.childOption(ChannelOption.MESSAGE_SIZE_ESTIMATOR, WITH_FILES);
        }
        for (Map.Entry<ChannelOption<Object>, Object> option :
                connection(context).entrySet()) {
            made = made.childOption(option.getKey(), option.getValue());
        }
        return made;
    }

    /**
     * Whether a part of a file may be written to the channel, which is counted like other bytes and reaches the socket as it is: nobody
     * encrypts, counts or encodes what a handler writes.
     */
    public static boolean takesFiles(ChannelHandlerContext writer) {
        if (writer.channel().config().getMessageSizeEstimator() != WITH_FILES) {
            return false;
        }
        for (Map.Entry<String, ChannelHandler> before : writer.pipeline()) {
            if (before.getValue() == writer.handler()) {
                return true;
            }
            if (before.getValue() instanceof ChannelOutboundHandler) {
                return false;
            }
        }
        return false;
    }

    /** A client of Reactor Netty's on its event loops, with its options of sockets and its time-out. */
    public static <T extends ClientTransport<T, ?>> T client(T client, SessionContext context) {
        T made = client.runOn(context.loops()).option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                context.endpoint().connectTimeout().toMillis());
        for (Map.Entry<ChannelOption<Object>, Object> option :
                connection(context).entrySet()) {
            made = made.option(option.getKey(), option.getValue());
        }
        return made;
    }

    private static Map<ChannelOption<Object>, Object> connection(SessionContext context) {
        Map<ChannelOption<Object>, Object> options = new LinkedHashMap<>(any(context.endpoint(), context.loops()));
        put(options, ChannelOption.TCP_NODELAY, true);
        put(options, ChannelOption.SO_KEEPALIVE, true);
        put(options, ChannelOption.RECVBUF_ALLOCATOR, ReadSizes.of(context.options()));
        int unsentBytes = context.endpoint().unsentBytes();
        if (unsentBytes > 0 && hasEpoll(context.loops())) {
            put(options, EpollChannelOption.TCP_NOTSENT_LOWAT, (long) unsentBytes);
        }
        if (context.endpoint().isQuickAck()) {
            requireEpoll("quickAck", context.loops());
            put(options, EpollChannelOption.TCP_QUICKACK, true);
        }
        return options;
    }

    /** Those of every socket, of UDP too. */
    public static Map<ChannelOption<Object>, Object> any(EndpointOptions endpoint, LoopResources loops) {
        Map<ChannelOption<Object>, Object> options = new LinkedHashMap<>();
        if (endpoint.sendBufferBytes() > 0) {
            put(options, ChannelOption.SO_SNDBUF, endpoint.sendBufferBytes());
        }
        if (endpoint.receiveBufferBytes() > 0) {
            put(options, ChannelOption.SO_RCVBUF, endpoint.receiveBufferBytes());
        }
        Duration busyPoll = endpoint.busyPoll();
        if (!busyPoll.isZero()) {
            requireEpoll("busyPoll", loops);
            put(options, EpollChannelOption.SO_BUSY_POLL, (int) TimeUnit.NANOSECONDS.toMicros(busyPoll.toNanos()));
        }
        return options;
    }

    @SuppressWarnings("unchecked") // the value is of the option's type
    private static <V> void put(Map<ChannelOption<Object>, Object> options, ChannelOption<V> option, V value) {
        options.put((ChannelOption<Object>) option, value);
    }

    private static void requireEpoll(String option, LoopResources loops) {
        if (!hasEpoll(loops)) {
            throw new IllegalArgumentException("option " + option + " needs event loops on epoll (Linux)");
        }
    }

    /** Whether event loops wait by epoll. */
    public static boolean hasEpoll(LoopResources loops) {
        return EpollSocketChannel.class.isAssignableFrom(socket(loops));
    }

    private static boolean isNio(LoopResources loops) {
        return NioSocketChannel.class.isAssignableFrom(socket(loops));
    }

    private static Class<?> socket(LoopResources loops) {
        return loops.onChannelClass(SocketChannel.class, loops.onClient(true));
    }
}
