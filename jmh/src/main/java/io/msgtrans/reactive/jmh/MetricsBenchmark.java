package io.msgtrans.reactive.jmh;

import io.micrometer.core.instrument.Measurement;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.channel.Role;
import io.msgtrans.reactive.channel.SessionHandler;
import io.msgtrans.reactive.metrics.TransportMetrics;
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
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/**
 * What does a registry cost? {@code roundTrip}: requests over loopback, 256 in flight, both ends in this process, with all meters
 * bound and read once a second. {@code answer}: a request arrives and is answered, without a socket, so that everything else is as
 * cheap as it gets.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@org.openjdk.jmh.annotations.Measurement(iterations = 5, time = 1)
@Fork(3)
public class MetricsBenchmark {

    private static final int PACKETS = 512;
    private static final int ROUND_TRIPS = 65_536;

    @Param({"false", "true"})
    private boolean measured;

    private final byte[] payload = new byte[64];
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Timings timings = new Timings();
    private ByteBuf requests = Unpooled.EMPTY_BUFFER;
    private EmbeddedChannel channel = new EmbeddedChannel();
    private SessionHandler handler = newHandler();
    private @Nullable BoundServer server;
    private @Nullable Session session;
    private Disposable scrape = Disposables.disposed();

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

    @Setup
    public void setUp() {
        requests = Unpooled.directBuffer();
        for (int i = 1; i <= PACKETS; i++) {
            requests.writeBytes(Packet.request(payload).withMessageId(i).toBytes());
        }
        channel = new EmbeddedChannel(new Sink(), handler);
        Session embedded = handler.session();
        embedded.receive().subscribe(packet -> embedded.offer(packet.response(payload)));
        BoundServer bound = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(peer -> peer.send(peer.receive().map(packet -> packet.response(payload))))
                .bindNow();
        server = bound;
        TransportClient client = TransportClient.create(bound.uri().toString());
        session = client.connectNow();
        if (measured) {
            Latencies.Reader reader = timings.answers().reader();
            TransportMetrics metrics =
                    TransportMetrics.to(registry).server("x", bound).client("x", client);
            scrape = Disposables.composite(
                    metrics, reader::close, Flux.interval(Duration.ofSeconds(1)).subscribe(tick -> {
                        reader.take();
                        registry.getMeters().forEach(meter -> meter.measure().forEach(Measurement::getValue));
                    }));
        }
    }

    @TearDown
    public void tearDown() {
        scrape.dispose();
        channel.close();
        requests.release();
        if (server != null) {
            server.dispose();
            server.onDispose().block(Duration.ofSeconds(10));
        }
    }

    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long answer() {
        channel.pipeline().fireChannelRead(requests.retainedDuplicate());
        channel.pipeline().fireChannelReadComplete();
        return handler.session().stats().packetsSent();
    }

    @Benchmark
    @OperationsPerInvocation(ROUND_TRIPS)
    public @Nullable Packet roundTrip() {
        Session open = Objects.requireNonNull(session);
        return Flux.range(0, ROUND_TRIPS)
                .flatMap(i -> open.request(Packet.request(payload)), 256)
                .blockLast(Duration.ofSeconds(30));
    }
}
