package io.msgtrans.reactive.test;

import io.msgtrans.reactive.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.EventExecutor;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Faults of the connection under one session, whatever its transport, {@code mem} too: what comes and what goes is delayed, held,
 * throttled, split, joined, corrupted, and cut off. What it does to which bytes follows from its seed, see {@link Seed}. For a whole
 * network between processes there is {@link TcpProxy}, for QUIC's datagrams {@link UdpProxy}.
 *
 * <pre>
 *   SessionFaults faults = SessionFaults.on(session, seed).delay(Duration.ofMillis(50)).split(7);
 *   ...
 *   faults.cut(true);   // half-open: nothing arrives, in either direction, and nobody is told
 * </pre>
 *
 * <p>All methods may be called by any thread.
 */
public final class SessionFaults {

    private final Channel channel;
    private final LinkFaults faults;
    private final Disturbed disturbed;

    private SessionFaults(Channel channel, long seed) {
        this.channel = channel;
        this.faults = new LinkFaults(seed);
        this.disturbed = new Disturbed();
    }

    /**
     * Comes between a session and its network; nothing is done to it yet.
     *
     * @param seed of what is random
     * @throws IllegalArgumentException when the session has no channel of Netty's under it
     */
    public static SessionFaults on(Session session, long seed) {
        Channel channel = session.transport(Channel.class);
        if (channel == null) {
            throw new IllegalArgumentException(session + " has no channel that faults could befall");
        }
        SessionFaults faults = new SessionFaults(channel, seed);
        channel.pipeline().addFirst(faults.disturbed);
        return faults;
    }

    /** From now on everything arrives so much later; default zero. */
    public SessionFaults delay(Duration delay) {
        faults.delay(delay);
        return this;
    }

    /** From now on nothing arrives in either direction while the connection stays open: half-open. Healed, all of it does. */
    public SessionFaults cut(boolean cut) {
        faults.cut(cut);
        readOn();
        return this;
    }

    /** From now on so many bytes pass in a second, in each direction; 0, the default, for no limit. */
    public SessionFaults throttle(long bytesPerSecond) {
        faults.throttle(bytesPerSecond);
        return this;
    }

    /** From now on bytes arrive in pieces of 1 to so many; 0, the default, leaves them as they come. */
    public SessionFaults split(int mostBytes) {
        faults.split(mostBytes);
        return this;
    }

    /** From now on what comes within this time arrives as one; zero, the default, leaves it as it comes. */
    public SessionFaults join(Duration time) {
        faults.join(time);
        return this;
    }

    /** From now on in this share of the reads and writes, 0..1, one bit is flipped; default 0. */
    public SessionFaults corrupt(double rate) {
        faults.corrupt(rate);
        return this;
    }

    /** From now on nothing is read from the peer, until this is taken back: what it sends fills the buffers between. */
    public SessionFaults reading(boolean reading) {
        faults.reading(reading);
        readOn();
        return this;
    }

    /** Ends the connection as a network does: at once, without a word, and with what is under way lost. */
    public void reset() {
        channel.eventLoop().execute(disturbed::reset);
    }

    private void readOn() {
        channel.eventLoop().execute(disturbed::readOn);
    }

    private final class Disturbed extends ChannelDuplexHandler {
        /** By which the channel is not writable while too much is under way. */
        private static final int WRITABILITY = 31;

        private final Queue<byte[]> arrived = new ArrayDeque<>();
        /** Whether the session asked for more. */
        private boolean wanted;

        private boolean ended;
        private @Nullable ChannelHandlerContext context;
        private final FaultyPipe in;
        private final FaultyPipe out;

        Disturbed() {
            EventExecutor loop = channel.eventLoop();
            this.in = new FaultyPipe(faults, loop, piece -> {
                arrived.add(piece);
                pass();
            });
            this.out = new FaultyPipe(faults, loop, this::depart);
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            context = ctx;
            // Reads that were asked for before this handler was there.
            wanted = true;
        }

        private void depart(byte[] piece) {
            if (context != null) {
                context.writeAndFlush(Unpooled.wrappedBuffer(piece)).addListener(written -> {
                    out.gone(piece.length);
                    writability();
                });
            }
        }

        @Override
        public void read(ChannelHandlerContext ctx) {
            wanted = true;
            pass();
            readOn();
        }

        private void readOn() {
            if (context != null && wanted && arrived.isEmpty() && in.hasRoom() && faults.isReading()) {
                context.read();
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!(message instanceof ByteBuf read)) {
                ctx.fireChannelRead(message);
                return;
            }
            byte[] bytes = ByteBufUtil.getBytes(read);
            read.release();
            in.take(bytes);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            readOn();
        }

        /** What arrived goes on as far as it is asked for, one read after the other. */
        private void pass() {
            while (context != null && wanted && !ended && !arrived.isEmpty()) {
                wanted = channel.config().isAutoRead();
                byte[] piece = arrived.remove();
                in.gone(piece.length);
                context.fireChannelRead(Unpooled.wrappedBuffer(piece));
                context.fireChannelReadComplete();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent || event instanceof ChannelInputShutdownReadComplete) {
                in.finish(() -> ctx.fireUserEventTriggered(event)); // not before the bytes ahead of it
            } else {
                ctx.fireUserEventTriggered(event);
            }
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (ended) {
                ReferenceCountUtil.release(message);
                promise.setFailure(new ClosedChannelException());
                return;
            }
            if (!(message instanceof ByteBuf written)) {
                out.finish(() -> ctx.writeAndFlush(message, promise));
                return;
            }
            byte[] bytes = ByteBufUtil.getBytes(written);
            written.release();
            out.take(bytes);
            out.finish(promise::trySuccess);
            writability();
        }

        private void writability() {
            if (channel.unsafe().outboundBuffer() != null) {
                channel.unsafe().outboundBuffer().setUserDefinedWritability(WRITABILITY, out.hasRoom());
            }
        }

        @Override
        public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
            if (ended || faults.isCut()) {
                ctx.close(promise);
            } else {
                out.finish(() -> ctx.close(promise));
            }
        }

        void reset() {
            ended = true;
            if (context != null) {
                context.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (ended || faults.isCut()) {
                ctx.fireChannelInactive();
            } else {
                in.finish(() -> {
                    wanted = true;
                    pass();
                    ctx.fireChannelInactive();
                });
            }
        }
    }
}
