package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.spi.SessionContext;
import io.msgtrans.reactive.spi.SocketSettings;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.handler.codec.quic.EpollQuicUtils;
import io.netty.handler.codec.quic.SegmentedDatagramPacketAllocator;
import java.net.SocketAddress;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** UDP sockets under QUIC. */
final class DatagramSockets {

    private static final int BUFFER_BYTES = 4 << 20;
    /** Datagrams in one system call. Ten made large packets 1.3 times as fast and cost small ones nothing; 40 cost echo half. */
    private static final int SEGMENTS = 10;
    /** What one system call may send. */
    private static final int LARGEST_SEND_BYTES = 65_507;

    // What cannot carry a datagram drops it instead of splitting it, so that the codec finds out how large they may
    // be; of linux/in.h and linux/in6.h.
    private static final IntegerUnixChannelOption IP_MTU_DISCOVER =
            new IntegerUnixChannelOption("IP_MTU_DISCOVER", 0, 10);
    private static final IntegerUnixChannelOption IPV6_MTU_DISCOVER =
            new IntegerUnixChannelOption("IPV6_MTU_DISCOVER", 41, 23);
    private static final int PMTUDISC_PROBE = 3;

    private final EndpointOptions endpoint;
    private final LoopResources loops;
    private final boolean mayNotBeSplit;

    DatagramSockets(SessionContext context, QuicSettings settings) {
        this.endpoint = context.endpoint();
        this.loops = context.loops();
        this.mayNotBeSplit = settings.discoversUdpPayload();
    }

    /** Binds a socket to an address on an event loop; the channel is closed when the subscriber gives up. */
    Mono<Channel> bind(EventLoop loop, SocketAddress address, boolean shared, ChannelHandler handler) {
        return Mono.create(sink -> {
            Bootstrap bootstrap = new Bootstrap()
                    .group(loop)
                    .channel(loops.onChannelClass(DatagramChannel.class, loop))
                    .option(ChannelOption.SO_RCVBUF, BUFFER_BYTES)
                    .option(ChannelOption.SO_SNDBUF, BUFFER_BYTES)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, new DatagramReads())
                    .handler(handler);
            if (segments(loop, LARGEST_SEND_BYTES).maxNumSegments() > 0) {
                bootstrap.option(EpollChannelOption.UDP_GRO, true);
            }
            if (mayNotBeSplit && isEpoll(loop)) {
                bootstrap.option(IP_MTU_DISCOVER, PMTUDISC_PROBE);
                if (Socket.isIPv6Preferred()) {
                    bootstrap.option(IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
                }
            }
            SocketSettings.any(endpoint, loops).forEach(bootstrap::option);
            if (shared) {
                bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
            }
            ChannelFuture bound = bootstrap.bind(address);
            sink.onCancel(() -> bound.channel().close());
            bound.addListener(done -> {
                if (done.isSuccess()) {
                    sink.success(bound.channel());
                } else {
                    sink.error(done.cause());
                }
            });
        });
    }

    /** Sends many datagrams of up to a size with one system call, where the kernel can split them; else one by one. */
    SegmentedDatagramPacketAllocator segments(EventLoop loop, int maxUdpPayload) {
        return isEpoll(loop)
                ? EpollQuicUtils.newSegmentedAllocator(Math.min(SEGMENTS, LARGEST_SEND_BYTES / maxUdpPayload))
                : SegmentedDatagramPacketAllocator.NONE;
    }

    /** Whether several sockets can share an address here, so that the kernel spreads connections over them. */
    boolean canShare(EventLoop loop) {
        return isEpoll(loop);
    }

    private boolean isEpoll(EventLoop loop) {
        return EpollDatagramChannel.class.isAssignableFrom(loops.onChannelClass(DatagramChannel.class, loop));
    }
}
