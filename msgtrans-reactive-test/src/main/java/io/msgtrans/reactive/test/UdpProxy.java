package io.msgtrans.reactive.test;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A network between UDP peers on the loopback interface, which delays, loses, reorders, repeats, corrupts, cuts, and moves its clients to
 * other ports, at once or when they were silent for a minute. What befalls which datagram follows from the seed and their order, see {@link Seed}.
 */
public final class UdpProxy implements AutoCloseable {

    private static final int BUFFER_BYTES = 4 << 20;
    private static final int LARGEST_UDP_PAYLOAD = 65_507;
    /** A client that was silent for so long has another port when it comes back, as behind a router. */
    private static final int FORGOTTEN_SECONDS = 60;

    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("udp-proxy", true), NioIoHandler.newFactory());
    private final InetSocketAddress server;
    private final Channel front;
    private final LongAdder forwarded = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private volatile long delayNanos;
    private volatile double lossRate;
    private volatile double reorderRate;
    private volatile double repeatRate;
    private volatile double corruptionRate;
    private volatile int maxBytes = LARGEST_UDP_PAYLOAD;
    private volatile boolean cut;

    // The one event loop only.
    private final Map<InetSocketAddress, Channel> backs = new HashMap<>();
    private final Random random;

    private UdpProxy(InetSocketAddress server, long seed) {
        this.server = server;
        this.random = new Random(seed);
        this.front = bind(new FromClients());
    }

    /** A proxy to a server's port on the loopback interface. */
    public static UdpProxy to(int port, long seed) {
        return new UdpProxy(new InetSocketAddress(NetUtil.LOCALHOST4, port), seed);
    }

    /** Where clients find it on the loopback interface. */
    public int port() {
        return ((InetSocketAddress) front.localAddress()).getPort();
    }

    /** From now on every datagram arrives so much later; default zero. */
    public UdpProxy delay(Duration delay) {
        delayNanos = delay.toNanos();
        return this;
    }

    /** From now on this share of the datagrams is lost, 0..1; default 0. */
    public UdpProxy loss(double rate) {
        lossRate = rate;
        return this;
    }

    /** From now on this share of the datagrams arrives some milliseconds late, behind those that follow them; 0..1, default 0. */
    public UdpProxy reorder(double rate) {
        reorderRate = rate;
        return this;
    }

    /** From now on this share of the datagrams arrives twice; 0..1, default 0. */
    public UdpProxy repeat(double rate) {
        repeatRate = rate;
        return this;
    }

    /** From now on in this share of the datagrams one bit is flipped; 0..1, default 0. */
    public UdpProxy corrupt(double rate) {
        corruptionRate = rate;
        return this;
    }

    /** From now on datagrams with more bytes than this are lost, as where a link carries no more; default 65,507. */
    public UdpProxy maxBytes(int maxBytes) {
        this.maxBytes = maxBytes;
        return this;
    }

    /** From now on nothing passes, until this is taken back. */
    public UdpProxy cut(boolean cut) {
        this.cut = cut;
        return this;
    }

    /** Gives every client a new port on the side of the server, as a NAT does that has forgotten it. */
    public void rebind() {
        group.next()
                .submit(() -> {
                    backs.values().forEach(Channel::close);
                    backs.clear();
                })
                .syncUninterruptibly();
    }

    /** Datagrams that passed. */
    public long forwarded() {
        return forwarded.sum();
    }

    /** Datagrams that were lost on purpose. */
    public long lost() {
        return lost.sum();
    }

    private static Bootstrap socket(EventLoopGroup group) {
        return new Bootstrap()
                .group(group)
                .channel(NioDatagramChannel.class)
                .option(ChannelOption.SO_RCVBUF, BUFFER_BYTES)
                .option(ChannelOption.SO_SNDBUF, BUFFER_BYTES)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(LARGEST_UDP_PAYLOAD));
    }

    private Channel bind(SimpleChannelInboundHandler<DatagramPacket> handler) {
        return socket(group)
                .handler(handler)
                .bind(new InetSocketAddress(NetUtil.LOCALHOST4, 0))
                .awaitUninterruptibly()
                .channel();
    }

    private final class FromClients extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket datagram) {
            InetSocketAddress client = datagram.sender();
            Channel back = backs.get(client);
            if (back != null) {
                pass(back, datagram, server);
                return;
            }
            DatagramPacket first = datagram.retain();
            socket(ctx.channel().eventLoop())
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel back) {
                            back.pipeline()
                                    .addLast(new IdleStateHandler(0, 0, FORGOTTEN_SECONDS), new FromServer(client));
                        }
                    })
                    .bind(new InetSocketAddress(NetUtil.LOCALHOST4, 0))
                    .addListener(bound -> {
                        Channel created = ((ChannelFuture) bound).channel();
                        backs.put(client, created);
                        pass(created, first, server);
                        first.release();
                    });
        }
    }

    private final class FromServer extends SimpleChannelInboundHandler<DatagramPacket> {
        private final InetSocketAddress client;

        FromServer(InetSocketAddress client) {
            this.client = client;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket datagram) {
            pass(front, datagram, client);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof IdleStateEvent) {
                backs.remove(client, ctx.channel());
                ctx.close();
            }
        }
    }

    private void pass(Channel through, DatagramPacket datagram, InetSocketAddress to) {
        if (cut || datagram.content().readableBytes() > maxBytes || happens(lossRate)) {
            lost.increment();
            return;
        }
        forwarded.increment();
        byte[] bytes = ByteBufUtil.getBytes(datagram.content()); // what is under way at the end needs no release
        if (happens(corruptionRate)) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        long late = happens(reorderRate) ? TimeUnit.MILLISECONDS.toNanos(1 + random.nextInt(5)) : 0;
        send(through, bytes, to, delayNanos + late);
        if (happens(repeatRate)) {
            send(through, bytes, to, delayNanos + late);
        }
    }

    private boolean happens(double rate) {
        return rate > 0 && random.nextDouble() < rate;
    }

    private static void send(Channel through, byte[] bytes, InetSocketAddress to, long afterNanos) {
        Runnable write = () -> through.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), to));
        if (afterNanos == 0) {
            write.run();
        } else {
            through.eventLoop().schedule(write, afterNanos, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
