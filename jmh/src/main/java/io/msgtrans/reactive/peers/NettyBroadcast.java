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
    /** Channels that take no more. */
    private int waiting;

    private boolean scheduled;

    NettyBroadcast(BenchSettings settings, boolean oneWritePerPacket) {
        this.members = settings.workload().connections();
        this.payload = Wire.payload(settings.workload().payloadBytes());
        this.oneWritePerPacket = oneWritePerPacket;
    }

    /** The server's handler of a channel. */
    ChannelInboundHandlerAdapter member() {
        return new ChannelInboundHandlerAdapter() {
            private boolean waitedFor;

            @Override
            public void channelActive(ChannelHandlerContext ctx) {
                channels.add(ctx.channel());
                if (channels.size() == members) {
                    sendSoon();
                }
            }

            @Override
            public void channelWritabilityChanged(ChannelHandlerContext ctx) {
                boolean full = !ctx.channel().isWritable();
                if (full != waitedFor) { // it may have changed twice before this is told
                    waitedFor = full;
                    waiting += full ? 1 : -1;
                    sendSoon();
                }
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                ctx.close();
            }
        };
    }

    private void sendSoon() {
        if (waiting == 0 && !scheduled) {
            scheduled = true;
            channels.get(0).eventLoop().execute(this::send);
        }
    }

    private void send() {
        if (waiting > 0) {
            scheduled = false;
            return;
        }
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
        scheduled = false;
        sendSoon();
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
