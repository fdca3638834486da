package io.msgtrans.reactive.quic;

import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import reactor.util.Logger;
import reactor.util.Loggers;

/** Behind the codec of a UDP socket, and in a connection that was refused: what nobody else can use, such as broken datagrams. */
@Sharable
final class LastHandler extends ChannelInboundHandlerAdapter {

    private static final Logger log = Loggers.getLogger(LastHandler.class);

    static final LastHandler INSTANCE = new LastHandler();

    private LastHandler() {}

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.debug("{}: ignored", ctx.channel(), cause);
    }
}
