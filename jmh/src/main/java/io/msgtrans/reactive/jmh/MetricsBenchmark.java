package io.msgtrans.reactive.jmh;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.channel.Role;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.monitor.Latencies;
import io.msgtrans.reactive.monitor.Timings;
import io.msgtrans.reactive.tcp.PlainFraming;
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

/**
 * What does it cost to measure requests? {@code answer}: a request arrives and is answered; {@code request}: one is sent and its
 * response arrives. Without sockets, so that everything else is as cheap as it gets, and 25 ns weigh most.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class MetricsBenchmark {

    private static final int PACKETS = 512;

    @Param({"false", "true"})
    private boolean measured;

    private final byte[] payload = new byte[64];
    private final Timings timings = new Timings();
    private ByteBuf requests = Unpooled.EMPTY_BUFFER;
    private ByteBuf responses = Unpooled.EMPTY_BUFFER;
    private EmbeddedChannel server = new EmbeddedChannel();
    private EmbeddedChannel client = new EmbeddedChannel();
    private SessionHandler serverSide = newHandler();
    private SessionHandler clientSide = newHandler();
    private Latencies.Reader[] readers = {};
    private long answered;

    private SessionHandler newHandler() {
        return new SessionHandler(
                        () -> 1,
                        "tcp",
                        SessionOptions.DEFAULTS,
                        new PlainFraming(PlainFraming.DEFAULT_MAX_PAYLOAD),
                        Role.client(false),
                        null,
                        (session, channel) -> {})
                .measure(timings);
    }

    /** Takes the place of the socket: everything is written at once. */
    private static final class Sink extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
            promise.setSuccess();
        }
    }

    private ByteBuf wire(boolean response) {
        ByteBuf all = Unpooled.directBuffer();
        for (int i = 1; i <= PACKETS; i++) {
            Packet request = Packet.request(payload).withMessageId(i);
            all.writeBytes((response ? request.response(payload) : request).toBytes());
        }
        return all;
    }

    @Setup
    public void setUp() {
        requests = wire(false);
        responses = wire(true);
        server = new EmbeddedChannel(new Sink(), serverSide);
        client = new EmbeddedChannel(new Sink(), clientSide);
        Session session = serverSide.session();
        session.receive().subscribe(packet -> session.offer(packet.response(payload)));
        if (measured) {
            readers = new Latencies.Reader[] {timings.answers().reader(), timings.requests().reader()};
        }
    }

    @TearDown
    public void tearDown() {
        for (Latencies.Reader reader : readers) {
            reader.take();
            reader.close();
        }
        server.close();
        client.close();
        requests.release();
        responses.release();
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long answer() {
        server.pipeline().fireChannelRead(requests.retainedDuplicate());
        server.pipeline().fireChannelReadComplete();
        return serverSide.session().stats().packetsSent();
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long request() {
        Session session = clientSide.session();
        for (int i = 1; i <= PACKETS; i++) {
            session.request(Packet.request(payload).withMessageId(i)).subscribe(response -> answered++);
        }
        client.runPendingTasks();
        client.pipeline().fireChannelRead(responses.retainedDuplicate());
        client.pipeline().fireChannelReadComplete();
        return answered;
    }
}
