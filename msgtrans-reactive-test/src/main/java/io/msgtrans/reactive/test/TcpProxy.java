package io.msgtrans.reactive.test;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A network between TCP peers on the loopback interface, which delays, cuts, throttles, splits, joins, corrupts, resets, forgets, and stops
 * reading. What it does to which bytes follows from its seed, see {@link Seed}. All methods may be called while connections are open, by any
 * thread.
 */
public final class TcpProxy implements AutoCloseable {

    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("tcp-proxy", true), NioIoHandler.newFactory());
    private final InetSocketAddress server;
    private final Channel front;
    private final Set<Channel> clients = ConcurrentHashMap.newKeySet();
    private final Set<Channel> servers = ConcurrentHashMap.newKeySet();
    private final LinkFaults faults;

    private TcpProxy(InetSocketAddress server, long seed) {
        this.server = server;
        this.faults = new LinkFaults(seed);
        this.front = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        accept(client);
                    }
                })
                .bind(new InetSocketAddress(NetUtil.LOCALHOST4, 0))
                .syncUninterruptibly()
                .channel();
    }

    /** A proxy to a server's port on the loopback interface. */
    public static TcpProxy to(int port) {
        return to(port, 0);
    }

    /** The same, with a seed for what is random. */
    public static TcpProxy to(int port, long seed) {
        return new TcpProxy(new InetSocketAddress(NetUtil.LOCALHOST4, port), seed);
    }

    /** Where clients find it on the loopback interface. */
    public int port() {
        return ((InetSocketAddress) front.localAddress()).getPort();
    }

    /** From now on everything arrives so much later; default zero. */
    public TcpProxy delay(Duration delay) {
        faults.delay(delay);
        return this;
    }

    /**
     * From now on nothing arrives while connections stay open, as behind a pulled cable; healed, what the peers sent in the
     * meantime arrives, as TCP sends it again. New connections are accepted and get no further.
     */
    public TcpProxy cut(boolean cut) {
        faults.cut(cut);
        return this;
    }

    /** From now on so many bytes pass in a second, in each direction of each connection; 0, the default, for no limit. */
    public TcpProxy throttle(long bytesPerSecond) {
        faults.throttle(bytesPerSecond);
        return this;
    }

    /** From now on bytes arrive in pieces of 1 to so many, each a write of its own; 0, the default, leaves them as they come. */
    public TcpProxy split(int mostBytes) {
        faults.split(mostBytes);
        return this;
    }

    /** From now on what comes within this time arrives as one; zero, the default, leaves it as it comes. */
    public TcpProxy join(Duration time) {
        faults.join(time);
        return this;
    }

    /** From now on in this share of the reads, 0..1, one bit is flipped; default 0. */
    public TcpProxy corrupt(double rate) {
        faults.corrupt(rate);
        return this;
    }

    /** From now on nothing is read, as by a peer that has stopped, until this is taken back: what is sent fills the buffers. */
    public TcpProxy reading(boolean reading) {
        faults.reading(reading);
        if (reading) {
            clients.forEach(Channel::read);
            servers.forEach(Channel::read);
        }
        return this;
    }

    /** Resets all connections, on both sides: their peers see a reset, not an end. */
    public void reset() {
        clients.forEach(TcpProxy::reset);
        servers.forEach(TcpProxy::reset);
    }

    private static void reset(Channel channel) {
        channel.eventLoop().execute(() -> {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
            if (channel.pipeline().get(Forward.class) != null) {
                channel.pipeline().remove(Forward.class); // the other one is told by its own reset
            }
            channel.close();
        });
    }

    /** Ends all connections on the side of the server, and leaves clients with ones that nobody answers: half-open. */
    public void forget() {
        clients.forEach(client -> client.eventLoop().execute(() -> {
            if (client.pipeline().get(Forward.class) != null) {
                client.pipeline().replace(Forward.class, "forgotten", new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object message) {
                        ReferenceCountUtil.release(message);
                    }
                });
                client.read();
            }
        }));
        servers.forEach(TcpProxy::reset);
    }

    /** Connections of clients that are open. */
    public int connections() {
        return clients.size();
    }

    private void accept(Channel client) {
        if (!faults.whenHealed(client.eventLoop(), () -> connect(client))) {
            connect(client);
        }
    }

    private void connect(Channel client) {
        new Bootstrap()
                .group(client.eventLoop())
                .channel(NioSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(server)
                .addListener(connected -> {
                    Channel back = ((ChannelFuture) connected).channel();
                    if (connected.isSuccess()) {
                        opened(clients, client);
                        opened(servers, back);
                        back.pipeline().addLast(new Forward(back, client));
                        client.pipeline().addLast(new Forward(client, back));
                        back.read();
                        client.read();
                    } else {
                        client.close();
                    }
                });
    }

    private static void opened(Set<Channel> open, Channel channel) {
        open.add(channel);
        channel.closeFuture().addListener(closed -> open.remove(channel));
    }

    private final class Forward extends ChannelInboundHandlerAdapter {
        private final Channel from;
        private final Channel to;
        private final FaultyPipe pipe;

        Forward(Channel from, Channel to) {
            this.from = from;
            this.to = to;
            this.pipe = new FaultyPipe(faults, from.eventLoop(), this::arrive);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf read = (ByteBuf) message;
            byte[] bytes = ByteBufUtil.getBytes(read); // what is under way at the end needs no release
            read.release();
            pipe.take(bytes);
        }

        private void arrive(byte[] piece) {
            to.writeAndFlush(Unpooled.wrappedBuffer(piece)).addListener(written -> {
                pipe.gone(piece.length);
                readOn();
            });
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            readOn();
        }

        private void readOn() {
            if (pipe.hasRoom() && faults.isReading()) {
                from.read();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            pipe.finish(() -> to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // a reset, which the other side sees as an end
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
