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

    /** From now on what arrives is swallowed while connections stay open, as behind a pulled cable. */
    public TcpProxy cut(boolean cut) {
        this.cut = cut;
        return this;
    }

    private void accept(Channel client) {
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

    private final class Forward extends ChannelInboundHandlerAdapter {
        private final Channel to;
        private int underWay;

        Forward(Channel to) {
            this.to = to;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf read = (ByteBuf) message;
            byte[] bytes = ByteBufUtil.getBytes(read); // what is under way at the end needs no release
            read.release();
            if (!cut) {
                underWay += bytes.length;
                later(
                        ctx,
                        () -> to.writeAndFlush(Unpooled.wrappedBuffer(bytes)).addListener(written -> {
                            underWay -= bytes.length;
                            ctx.read();
                        }));
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            if (underWay < UNDER_WAY_BYTES) {
                ctx.read();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!cut) {
                later(ctx, () -> to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // a reset, which the other side sees as an end
        }

        private void later(ChannelHandlerContext ctx, Runnable action) {
            if (delayNanos == 0) {
                action.run();
            } else {
                ctx.executor().schedule(action, delayNanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
