package io.msgtrans.reactive.peers;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * An event loop group, with epoll where it is there, and what both Netty contestants start and connect on it: one event
 * loop for each processor, large reads, and a write buffer of some large batches.
 */
final class NettyEndpoint implements Endpoint {

    private static final int READ_MIN_BYTES = 2 << 10;
    private static final int READ_INITIAL_BYTES = 64 << 10;
    private static final int READ_MAX_BYTES = 256 << 10;
    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(128 << 10, 256 << 10);

    private final EventLoopGroup group;

    NettyEndpoint() {
        group = new MultiThreadIoEventLoopGroup(
                Runtime.getRuntime().availableProcessors(),
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    @Override
    public PeerServer listen(int port, Consumer<Channel> pipeline) throws InterruptedException {
        Class<? extends ServerChannel> type =
                Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(type)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, readSizes())
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .childHandler(initializer(pipeline))
                .bind("127.0.0.1", port)
                .sync()
                .channel();
        int boundPort = ((InetSocketAddress) server.localAddress()).getPort();
        return new PeerServer() {
            @Override
            public int port() {
                return boundPort;
            }

            @Override
            public void close() {
                NettyEndpoint.this.close();
            }
        };
    }

    @Override
    public void connect(String host, int port, Consumer<Channel> pipeline) throws InterruptedException {
        new Bootstrap()
                .group(group)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.RECVBUF_ALLOCATOR, readSizes())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
                .handler(initializer(pipeline))
                .connect(host, port)
                .sync();
    }

    static AdaptiveRecvByteBufAllocator readSizes() {
        return new AdaptiveRecvByteBufAllocator(READ_MIN_BYTES, READ_INITIAL_BYTES, READ_MAX_BYTES);
    }

    private static ChannelHandler initializer(Consumer<Channel> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                pipeline.accept(channel);
            }
        };
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
    }
}
