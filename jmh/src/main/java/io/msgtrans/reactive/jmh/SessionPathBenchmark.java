package io.msgtrans.reactive.jmh;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.channel.Role;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.tcp.PlainFraming;
import io.msgtrans.reactive.websocket.TextMessages;
import io.msgtrans.reactive.websocket.WebSocketFraming;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;

/**
 * What does a packet cost on its way through a session, without a socket? Run with {@code -prof gc} for the bytes that
 * are allocated per received and per offered packet.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SessionPathBenchmark {

    private static final int PACKETS = 512;
    private static final int KEPT = 4096;

    @Param({"false", "true"})
    private boolean borrowed;

    /** {@code ws}: the receiving side is a server, whose peer masks; the sending side is a client, which masks. */
    @Param({"tcp", "ws"})
    private String transport = "tcp";

    private final byte[] payload = new byte[64];
    private final Packet packet = Packet.oneWay(payload);
    private ByteBuf read = Unpooled.EMPTY_BUFFER;
    private long received;
    private EmbeddedChannel channel = new EmbeddedChannel();
    private EmbeddedChannel keepingChannel = new EmbeddedChannel();
    private final Packet[] kept = new Packet[KEPT];
    private int keptPackets;
    private EmbeddedChannel echoChannel = new EmbeddedChannel();
    private EmbeddedChannel sendChannel = new EmbeddedChannel();
    private SessionHandler echoHandler = newHandler(false);
    private SessionHandler sendHandler = newHandler(true);

    private SessionHandler newHandler(boolean client) {
        Framing framing = transport.equals("ws")
                ? new WebSocketFraming(client, SessionOptions.DEFAULTS, TextMessages.IGNORE)
                : new PlainFraming(PlainFraming.DEFAULT_MAX_PAYLOAD);
        return new SessionHandler(
                () -> 1,
                transport,
                SessionOptions.DEFAULTS,
                framing,
                Role.client(false),
                null,
                (session, channel) -> {});
    }

    /** Takes the place of the socket: everything is written at once. */
    private static final class Sink extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
            promise.setSuccess();
        }
    }

    @Setup
    public void setUp() {
        byte[] wire = packet.toBytes();
        read = Unpooled.directBuffer((wire.length + 6) * PACKETS);
        for (int i = 0; i < PACKETS; i++) {
            if (transport.equals("ws")) { // the key is 0, so that the same bytes can be read again and again
                read.writeByte(0x82).writeByte(0x80 | wire.length).writeInt(0);
            }
            read.writeBytes(wire);
        }
        SessionHandler handler = newHandler(false);
        channel = new EmbeddedChannel(new Sink(), handler);
        Session session = handler.session();
        (borrowed ? session.receiveBorrowed() : session.receive())
                .subscribe(packet -> received += packet.payloadLength());
        SessionHandler keepingHandler = newHandler(false);
        keepingChannel = new EmbeddedChannel(new Sink(), keepingHandler);
        Session keeping = keepingHandler.session();
        (borrowed ? keeping.receiveBorrowed().map(Packet::compact) : keeping.receive())
                .subscribe(packet -> kept[keptPackets++ & KEPT - 1] = packet);
        echoHandler = newHandler(false);
        echoChannel = new EmbeddedChannel(new Sink(), echoHandler);
        Session echoing = echoHandler.session();
        echoing.send(borrowed ? echoing.receiveBorrowed() : echoing.receive()).subscribe();
        echoChannel.runPendingTasks();
        sendHandler = newHandler(true);
        sendChannel = new EmbeddedChannel(new Sink(), sendHandler);
    }

    @TearDown
    public void tearDown() {
        channel.close();
        keepingChannel.close();
        echoChannel.close();
        sendChannel.close();
        read.release();
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long receive() {
        channel.pipeline().fireChannelRead(read.retain());
        channel.pipeline().fireChannelReadComplete();
        return received;
    }

    /** The last 4,096 packets are kept by the subscriber, which compacts borrowed ones. */
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public int keep() {
        keepingChannel.pipeline().fireChannelRead(read.retain());
        keepingChannel.pipeline().fireChannelReadComplete();
        return keptPackets;
    }

    /** What is received is sent back. */
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long echo() {
        echoChannel.pipeline().fireChannelRead(read.retain());
        echoChannel.pipeline().fireChannelReadComplete();
        echoChannel.runPendingTasks();
        return echoHandler.session().stats().packetsSent();
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public int offer() {
        Session sender = sendHandler.session();
        int accepted = 0;
        for (int i = 0; i < PACKETS; i++) {
            if (sender.offer(packet) == OfferResult.ACCEPTED) {
                accepted++;
            }
        }
        sendChannel.runPendingTasks();
        return accepted;
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long send() {
        Session sender = sendHandler.session();
        sender.send(Flux.range(0, PACKETS).map(i -> Packet.oneWay(payload))).subscribe();
        sendChannel.runPendingTasks();
        return sender.stats().packetsSent();
    }
}
