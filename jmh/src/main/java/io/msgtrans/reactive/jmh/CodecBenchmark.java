package io.msgtrans.reactive.jmh;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.wire.PacketHeader;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What does it cost to make a packet, to write it into a batch, and to read it from one? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {

    private static final int MAX_PAYLOAD = 1 << 20;

    @Param({"0", "64", "1024", "65536"})
    private int payloadBytes;

    private byte[] payload = {};
    private byte[] wire = {};
    private Packet packet = Packet.oneWay(new byte[0]);
    private ByteBuffer batch = ByteBuffer.allocate(0);

    @Setup
    public void setUp() {
        payload = new byte[payloadBytes];
        packet = Packet.oneWay(payload);
        wire = packet.toBytes();
        batch = ByteBuffer.allocateDirect(wire.length);
    }

    @Benchmark
    public Packet make() {
        return Packet.oneWay(payload);
    }

    @Benchmark
    public ByteBuffer encode() {
        packet.writeTo(batch, 0, 1);
        return batch;
    }

    @Benchmark
    public Packet decode() {
        return PacketHeader.read(wire, 0, MAX_PAYLOAD);
    }
}
