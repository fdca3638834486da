package io.msgtrans.reactive.quic;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts a connection as long as its handshake is in progress. */
final class HandshakeCount extends ChannelInboundHandlerAdapter {

    private final AtomicInteger handshakes;
    private boolean done;

    HandshakeCount(AtomicInteger handshakes) {
        this.handshakes = handshakes;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ctx.pipeline().remove(this);
        ctx.fireChannelActive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (!done) {
            done = true;
            handshakes.decrementAndGet();
        }
    }
}
