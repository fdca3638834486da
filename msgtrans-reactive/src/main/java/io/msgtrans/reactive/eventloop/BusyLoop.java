package io.msgtrans.reactive.eventloop;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.SelectStrategyFactory;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.IntSupplier;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;

/** An event loop that asks for events again and again while it has a socket, and sleeps like any other when it has none. */
final class BusyLoop extends SingleThreadIoEventLoop implements SelectStrategy {

    private BusyLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory handler) {
        super(parent, executor, handler);
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        return hasTasks || getNumOfRegisteredChannels() > 0 ? selectNow.get() : SELECT;
    }

    /** Handlers of a kind that wait as their event loop says. */
    static IoHandlerFactory handlers(Function<SelectStrategyFactory, IoHandlerFactory> kind) {
        return loop -> kind.apply(() -> (BusyLoop) loop).newHandler(loop);
    }

    static MultiThreadIoEventLoopGroup group(int threads, ThreadFactory factory, IoHandlerFactory handlers) {
        return new MultiThreadIoEventLoopGroup(threads, factory, handlers) {
            @Override
            protected IoEventLoop newChild(Executor executor, IoHandlerFactory handler, Object... args) {
                return new BusyLoop(this, executor, handler);
            }
        };
    }
}
