package io.msgtrans.reactive.peers;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;

/**
 * A hand-written broadcast on one event loop: packets are encoded once into a batch, whose bytes go to each channel, in one write
 * or in one for each packet, with one flush. The next batch follows when all channels are writable.
 */
final class NettyBroadcast {

    private final int members;
    private final ByteBuf payload;
    private final boolean oneWritePerPacket;

    // Of the event loop; the server is pinned to one processor.
    private final List<Channel> channels = new ArrayList<>();
    private int nextId;

    NettyBroadcast(BenchSettings settings, boolean oneWritePerPacket) {
        this.members = settings.workload().connections();
        this.payload = Wire.payload(settings.workload().payloadBytes());
        this.oneWritePerPacket = oneWritePerPacket;
    }

    /** The server's handler of a channel. */
    ChannelInboundHandlerAdapter member() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelActive(ChannelHandlerContext ctx) {
                channels.add(ctx.channel());
                if (channels.size() == members) {
                    ctx.executor().execute(NettyBroadcast.this::send);
                }
            }

            @Override
            public void channelWritabilityChanged(ChannelHandlerContext ctx) {
                if (ctx.channel().isWritable()) {
                    waiting--;
                    if (waiting == 0) {
                        ctx.executor().execute(NettyBroadcast.this::send);
                    }
                } else {
                    waiting++;
                }
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                ctx.close();
            }
        };
    }

    private int waiting;
    private boolean sending;

    private void send() {
        if (waiting > 0 || sending) {
            return;
        }
        sending = true;
        Channel first = channels.get(0);
        int packetBytes = Wire.HEADER_BYTES + payload.readableBytes();
        int packets = Math.max(1, PacketBatch.CAPACITY_BYTES / packetBytes);
        ByteBuf batch = first.alloc().directBuffer(packets * packetBytes);
        for (int i = 0; i < packets; i++) {
            batch.writeLong(Wire.head(Wire.ONE_WAY, nextId++));
            batch.writeLong(Wire.tail(payload.readableBytes()));
            batch.writeBytes(payload, 0, payload.readableBytes());
        }
        for (Channel channel : channels) {
            if (oneWritePerPacket) {
                for (int i = 0; i < packets; i++) {
                    channel.write(batch.retainedSlice(i * packetBytes, packetBytes), channel.voidPromise());
                }
            } else {
                channel.write(batch.retainedDuplicate(), channel.voidPromise());
            }
            channel.flush();
        }
        batch.release();
        sending = false;
        if (waiting == 0) {
            first.eventLoop().execute(this::send);
        }
    }

    /** The client's handler of a channel, behind nothing. */
    static PacketScanner counter(Tally.Lane lane, Recorder recorder) {
        return new PacketScanner() {
            private int counted;

            @Override
            void packet(ChannelHandlerContext ctx, long head, ByteBuf buffer, int index, int lengthBytes) {
                counted++;
            }

            @Override
            public void channelReadComplete(ChannelHandlerContext ctx) {
                lane.add(counted);
                counted = 0;
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                recorder.fail(new ClosedChannelException());
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                recorder.fail(cause);
            }
        };
    }

    /** The client's handler of a channel, behind a frame decoder. */
    static ChannelInboundHandlerAdapter frameCounter(Tally.Lane lane, Recorder recorder) {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ReferenceCountUtil.release(message);
                lane.add(1);
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                recorder.fail(new ClosedChannelException());
            }
        };
    }
}
