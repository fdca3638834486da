package io.msgtrans.reactive.mem;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jctools.queues.SpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * One end of a pipe of bytes within the process. Buffers pass to the other end as they are; what it has not read is
 * bounded by {@link #PIPE_BYTES}, beyond which writes wait as they would for a socket. (Netty's local channel has no
 * such bound: it would give a sender no backpressure.)
 */
final class MemChannel extends AbstractChannel {

    /** What is written, or fails, in a row before other tasks of the event loop have their turn. */
    private static final int TURN_MESSAGES = 1024;

    /** Like a socket buffer: what may be on its way in one direction; one write is always let in. */
    static final int PIPE_BYTES = 256 * 1024;

    private static final ChannelMetadata METADATA = new ChannelMetadata(false);
    private static final int READS_PER_TURN = 16;

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final SocketAddress local;
    private final SocketAddress remote;
    /** What the other end wrote and this one has not read. */
    private final SpscUnboundedArrayQueue<ByteBuf> pipe = new SpscUnboundedArrayQueue<>(16);

    private final AtomicInteger pipeBytes = new AtomicInteger();

    private volatile @Nullable MemChannel peer;
    private volatile boolean peerClosed;
    private volatile boolean open = true;
    private volatile boolean active;
    private volatile boolean registeredOnce;
    /** 1 while this end waits for room in the other's pipe. */
    private volatile int blocked;

    private static final AtomicIntegerFieldUpdater<MemChannel> BLOCKED =
            AtomicIntegerFieldUpdater.newUpdater(MemChannel.class, "blocked");

    /** 1 while a read of this end is scheduled by the other. */
    private volatile int readScheduled;

    private static final AtomicIntegerFieldUpdater<MemChannel> READ_SCHEDULED =
            AtomicIntegerFieldUpdater.newUpdater(MemChannel.class, "readScheduled");

    // Event loop only.
    private boolean readPending;
    private boolean reading;

    MemChannel(SocketAddress local, SocketAddress remote) {
        super(null);
        this.local = local;
        this.remote = remote;
        config.setAutoRead(false); // nothing is read before there is a handler for it
    }

    /** Makes the two ends know each other, before either is registered. */
    static void connect(MemChannel one, MemChannel other) {
        one.peer = other;
        other.peer = one;
        one.active = true;
        other.active = true;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open && active;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
                promise.setFailure(new UnsupportedOperationException("a mem channel is connected when it is made"));
            }
        };
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        registeredOnce = true;
        promise.setSuccess();
    }

    @Override
    protected SocketAddress localAddress0() {
        return local;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return remote;
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException("a mem channel is connected when it is made");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        open = false;
        active = false;
        MemChannel other = peer;
        if (other != null) {
            other.peerClosed = true;
            other.wakeReader();
        }
        if (!reading) {
            releasePipe();
        }
    }

    private void releasePipe() {
        for (ByteBuf rest = pipe.poll(); rest != null; rest = pipe.poll()) {
            pipeBytes.addAndGet(-rest.readableBytes());
            rest.release();
        }
    }

    @Override
    protected void doBeginRead() {
        readPending = true;
        if (!reading && (peerClosed || !pipe.isEmpty())) {
            scheduleRead();
        }
    }

    /** Called by the other end. */
    private void wakeReader() {
        if (registeredOnce) {
            scheduleRead(); // also when it is closed: what was written meanwhile is released there
        }
    }

    private void scheduleRead() {
        if (readScheduled == 0 && READ_SCHEDULED.compareAndSet(this, 0, 1)) {
            try {
                eventLoop().execute(this::read0);
            } catch (RejectedExecutionException loopIsGone) {
                releasePipe();
            }
        }
    }

    private void read0() {
        readScheduled = 0;
        if (!open) {
            releasePipe();
            return;
        }
        reading = true;
        try {
            // As with a socket whose peer has gone, the rest is read even if nobody asks, so that the end is seen.
            boolean drain = peerClosed && pipeline().first() != null;
            for (int reads = 0; drain || (readPending && reads < READS_PER_TURN); reads++) {
                ByteBuf next = pipe.poll();
                if (next == null) {
                    break;
                }
                readPending = config.isAutoRead();
                int before = pipeBytes.getAndAdd(-next.readableBytes());
                pipeline().fireChannelRead(next);
                pipeline().fireChannelReadComplete();
                if (before >= PIPE_BYTES / 2) {
                    wakeWriter();
                }
            }
        } finally {
            reading = false;
        }
        wakeWriter();
        if (!open) {
            releasePipe();
        } else if (peerClosed && pipe.isEmpty() && pipeline().first() != null) {
            unsafe().close(unsafe().voidPromise());
        } else if (readPending && !pipe.isEmpty()) {
            scheduleRead();
        }
    }

    private void wakeWriter() {
        MemChannel other = peer;
        if (other != null && other.blocked == 1 && BLOCKED.compareAndSet(other, 1, 0)) {
            try {
                other.eventLoop().execute(() -> other.unsafe().flush());
            } catch (RejectedExecutionException loopIsGone) {
                // its loop is shut down: nobody is left to wake
            }
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        MemChannel other = peer;
        boolean wrote = false;
        int left = TURN_MESSAGES;
        for (Object message = in.current(); message != null; message = in.current()) {
            if (left-- == 0) {
                eventLoop().execute(() -> unsafe().flush()); // what takes place now may have made more to write
                break;
            }
            if (other == null || !other.open || peerClosed) {
                in.remove(new ClosedChannelException());
                continue;
            }
            if (other.pipeBytes.get() >= PIPE_BYTES) {
                blocked = 1;
                // The other end may have made room between the two lines above and not seen that we wait.
                if (other.pipeBytes.get() >= PIPE_BYTES || !BLOCKED.compareAndSet(this, 1, 0)) {
                    break;
                }
            }
            ByteBuf bytes = (ByteBuf) ReferenceCountUtil.retain(message);
            other.pipeBytes.addAndGet(bytes.readableBytes());
            other.pipe.offer(bytes);
            wrote = true;
            in.remove();
        }
        if (wrote && other != null) {
            other.wakeReader();
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException("a mem channel takes ByteBuf, not " + message.getClass());
    }
}
