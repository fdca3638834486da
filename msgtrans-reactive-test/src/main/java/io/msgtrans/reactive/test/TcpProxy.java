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
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** A network between TCP peers on the loopback interface, which delays and cuts. */
public final class TcpProxy implements AutoCloseable {

    /** What may be under way in one direction; enough for a long fat network. */
    private static final int UNDER_WAY_BYTES = 8 << 20;

    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("tcp-proxy", true), NioIoHandler.newFactory());
    private final InetSocketAddress server;
    private final Channel front;
    private volatile long delayNanos;
    private volatile boolean cut;
    /** What waits for the link to be healed. */
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

    private TcpProxy(InetSocketAddress server) {
        this.server = server;
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
        return new TcpProxy(new InetSocketAddress(NetUtil.LOCALHOST4, port));
    }

    /** Where clients find it on the loopback interface. */
    public int port() {
        return ((InetSocketAddress) front.localAddress()).getPort();
    }

    /** From now on everything arrives so much later; default zero. */
    public TcpProxy delay(Duration delay) {
        delayNanos = delay.toNanos();
        return this;
    }

    /**
     * From now on nothing arrives while connections stay open, as behind a pulled cable; healed, what the peers sent in the
     * meantime arrives, as TCP sends it again. New connections are accepted and get no further.
     */
    public TcpProxy cut(boolean cut) {
        this.cut = cut;
        if (!cut) {
            for (Runnable work = held.poll(); work != null; work = held.poll()) {
                work.run();
            }
        }
        return this;
    }

    /** Does something now, or when the link is healed. */
    private void whenWhole(Channel channel, Runnable work) {
        Runnable inLoop = () -> channel.eventLoop().execute(work);
        if (cut) {
            held.add(inLoop);
            if (!cut && held.remove(inLoop)) {
                inLoop.run(); // healed in between
            }
        } else if (channel.eventLoop().inEventLoop()) {
            work.run();
        } else {
            inLoop.run();
        }
    }

    private void accept(Channel client) {
        whenWhole(client, () -> connect(client));
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
                        back.pipeline().addLast(new Forward(client));
                        client.pipeline().addLast(new Forward(back));
                        back.read();
                        client.read();
                    } else {
                        client.close();
                    }
                });
    }

    private record Delayed(long dueNanos, Runnable action) {}

    private final class Forward extends ChannelInboundHandlerAdapter {
        private final Channel to;
        private int underWay;
        private final Queue<Delayed> waiting = new ArrayDeque<>();

        Forward(Channel to) {
            this.to = to;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf read = (ByteBuf) message;
            byte[] bytes = ByteBufUtil.getBytes(read); // what is under way at the end needs no release
            read.release();
            underWay += bytes.length;
            later(
                    ctx,
                    () -> to.writeAndFlush(Unpooled.wrappedBuffer(bytes)).addListener(written -> {
                        underWay -= bytes.length;
                        ctx.read();
                    }));
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (underWay < UNDER_WAY_BYTES && !cut) {
                ctx.read();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            later(ctx, () -> to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // a reset, which the other side sees as an end
        }

        private void later(ChannelHandlerContext ctx, Runnable action) {
            waiting.add(new Delayed(System.nanoTime() + delayNanos, action));
            if (waiting.size() == 1) {
                runDue(ctx);
            }
        }

        /** One after the other, so that nothing is overtaken when the delay gets shorter. */
        private void runDue(ChannelHandlerContext ctx) {
            for (Delayed first = waiting.peek(); first != null; first = waiting.peek()) {
                long left = first.dueNanos() - System.nanoTime();
                if (left > 0) {
                    ctx.executor().schedule(() -> runDue(ctx), left, TimeUnit.NANOSECONDS);
                    return;
                }
                waiting.remove();
                whenWhole(ctx.channel(), first.action());
            }
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
