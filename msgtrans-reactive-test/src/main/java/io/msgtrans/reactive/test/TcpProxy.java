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
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * A network between TCP peers on the loopback interface, which delays, cuts, throttles, splits, joins, corrupts, resets, forgets, and stops
 * reading. What it does to which bytes follows from its seed, see {@link Seed}. All methods may be called while connections are open, by any
 * thread.
 */
public final class TcpProxy implements AutoCloseable {

    /** What may be under way in one direction; enough for a long fat network. */
    private static final int UNDER_WAY_BYTES = 8 << 20;

    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("tcp-proxy", true), NioIoHandler.newFactory());
    private final InetSocketAddress server;
    private final Channel front;
    private final Set<Channel> clients = ConcurrentHashMap.newKeySet();
    private final Set<Channel> servers = ConcurrentHashMap.newKeySet();
    private volatile long delayNanos;
    private volatile long bytesPerSecond;
    private volatile long joinNanos;
    private volatile int mostBytes;
    private volatile double corruptionRate;
    private volatile boolean cut;
    private volatile boolean reading = true;
    /** What waits for the link to be healed. */
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

    // The one event loop only.
    private final Random random;

    private TcpProxy(InetSocketAddress server, long seed) {
        this.server = server;
        this.random = new Random(seed);
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

    /** From now on so many bytes pass in a second, in each direction of each connection; 0, the default, for no limit. */
    public TcpProxy throttle(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
        return this;
    }

    /** From now on bytes arrive in pieces of 1 to so many, each a write of its own; 0, the default, leaves them as they come. */
    public TcpProxy split(int mostBytes) {
        this.mostBytes = mostBytes;
        return this;
    }

    /** From now on what comes within this time arrives as one; zero, the default, leaves it as it comes. */
    public TcpProxy join(Duration time) {
        joinNanos = time.toNanos();
        return this;
    }

    /** From now on in this share of the reads, 0..1, one bit is flipped; default 0. */
    public TcpProxy corrupt(double rate) {
        corruptionRate = rate;
        return this;
    }

    /** From now on nothing is read, as by a peer that has stopped, until this is taken back: what is sent fills the buffers. */
    public TcpProxy reading(boolean reading) {
        this.reading = reading;
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
                        opened(clients, client);
                        opened(servers, back);
                        back.pipeline().addLast(new Forward(client));
                        client.pipeline().addLast(new Forward(back));
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

    private record Delayed(long dueNanos, Runnable action) {}

    private final class Forward extends ChannelInboundHandlerAdapter {
        private final Channel to;
        private final Queue<Delayed> waiting = new ArrayDeque<>();
        private final ByteArrayOutputStream joined = new ByteArrayOutputStream();
        private int underWay;
        /** When the next byte may arrive, by the throttle. */
        private long freeNanos = System.nanoTime();

        Forward(Channel to) {
            this.to = to;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf read = (ByteBuf) message;
            byte[] bytes = ByteBufUtil.getBytes(read); // what is under way at the end needs no release
            read.release();
            if (corruptionRate > 0 && random.nextDouble() < corruptionRate) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            underWay += bytes.length;
            if (joinNanos == 0) {
                arrive(ctx, bytes);
                return;
            }
            joined.writeBytes(bytes);
            if (joined.size() == bytes.length) {
                ctx.executor().schedule(() -> arriveJoined(ctx), joinNanos, TimeUnit.NANOSECONDS);
            }
        }

        private void arriveJoined(ChannelHandlerContext ctx) {
            byte[] bytes = joined.toByteArray();
            joined.reset();
            if (bytes.length > 0) {
                arrive(ctx, bytes);
            }
        }

        private void arrive(ChannelHandlerContext ctx, byte[] bytes) {
            int most = mostBytes;
            for (int from = 0; from < bytes.length; ) {
                int length = most == 0 ? bytes.length : Math.min(bytes.length - from, 1 + random.nextInt(most));
                byte[] piece = most == 0 ? bytes : Arrays.copyOfRange(bytes, from, from + length);
                from += length;
                later(
                        ctx,
                        piece.length,
                        () -> to.writeAndFlush(Unpooled.wrappedBuffer(piece)).addListener(written -> {
                            underWay -= piece.length;
                            readOn(ctx);
                        }));
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            readOn(ctx);
        }

        private void readOn(ChannelHandlerContext ctx) {
            if (underWay < UNDER_WAY_BYTES && !cut && reading) {
                ctx.read();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            arriveJoined(ctx);
            later(ctx, 0, () -> to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // a reset, which the other side sees as an end
        }

        private void later(ChannelHandlerContext ctx, int bytes, Runnable action) {
            long rate = bytesPerSecond;
            long now = System.nanoTime();
            if (rate > 0) {
                freeNanos = Math.max(freeNanos, now) + bytes * TimeUnit.SECONDS.toNanos(1) / rate;
            }
            waiting.add(new Delayed((rate > 0 ? freeNanos : now) + delayNanos, action));
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
