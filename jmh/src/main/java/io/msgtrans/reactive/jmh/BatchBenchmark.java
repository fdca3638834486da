package io.msgtrans.reactive.jmh;

import io.msgtrans.reactive.operator.Batches;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;

/** A million items into batches: ours, and Reactor's operators with the same limits. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@NullUnmarked // JMH fills the fields
public class BatchBenchmark {

    private static final int ITEMS = 1_000_000;
    private static final Duration TIME = Duration.ofMillis(10);

    @Param({"32", "512"})
    public int size;

    private static Flux<Integer> items() {
        return Flux.<Integer>generate(sink -> sink.next(1)).take(ITEMS);
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public List<Integer> batches() {
        return items().transform(Batches.<Integer>ofItems(size).within(TIME)::of)
                .blockLast();
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public List<Integer> batchesWeighing() {
        return items().transform(Batches.<Integer>ofItems(size).within(TIME).weighing(item -> item, size)::of)
                .blockLast();
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public List<Integer> bufferTimeout() {
        return items().bufferTimeout(size, TIME).blockLast();
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public List<Integer> bufferTimeoutFair() {
        return items().bufferTimeout(size, TIME, true).blockLast();
    }

    @Benchmark
    @OperationsPerInvocation(ITEMS)
    public List<Integer> windowTimeout() {
        return items().windowTimeout(size, TIME, true)
                .flatMap(Flux::collectList)
                .blockLast();
    }
}
