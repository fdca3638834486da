package io.msgtrans.reactive.jmh;

import io.msgtrans.reactive.SlotRegistry;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.maps.NonBlockingHashMapLong;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Values under numbers: found, added and removed again, and walked through. Run with {@code -t 1} and {@code -t 2}. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
@NullUnmarked // JMH fills the fields
public class RegistryBenchmark {

    /** The three, behind the calls that they have in common. */
    interface Table {
        long add(Object value);

        Object get(long id);

        Object remove(long id);

        Iterable<Object> values();
    }

    @State(Scope.Benchmark)
    public static class Filled {
        @Param({"slots", "nonBlocking", "concurrent"})
        public String kind;

        @Param({"1000", "100000", "1000000"})
        public int size;

        Table table;
        long[] ids;

        @Setup(Level.Iteration)
        public void fill() {
            table = switch (kind) {
                case "slots" -> slots();
                case "nonBlocking" -> nonBlocking();
                default -> concurrent();
            };
            ids = new long[size];
            for (int i = 0; i < size; i++) {
                ids[i] = table.add(new Object());
            }
        }
    }

    @State(Scope.Thread)
    public static class Walk {
        int next;
        final Object value = new Object();
    }

    @Benchmark
    public Object lookUp(Filled filled, Walk walk) {
        int at = walk.next += 7919;
        return filled.table.get(filled.ids[Integer.remainderUnsigned(at, filled.size)]);
    }

    @Benchmark
    public Object addAndRemove(Filled filled, Walk walk) {
        return filled.table.remove(filled.table.add(walk.value));
    }

    /** Operations are walks; times the size for values. */
    @Benchmark
    public void iterate(Filled filled, Blackhole hole) {
        for (Object value : filled.table.values()) {
            hole.consume(value);
        }
    }

    private static Table slots() {
        SlotRegistry<Object> registry = new SlotRegistry<>();
        return new Table() {
            @Override
            public long add(Object value) {
                return registry.add(value);
            }

            @Override
            public Object get(long id) {
                return registry.get(id);
            }

            @Override
            public Object remove(long id) {
                return registry.remove(id);
            }

            @Override
            public Iterable<Object> values() {
                return registry.values();
            }
        };
    }

    private static Table nonBlocking() {
        NonBlockingHashMapLong<Object> map = new NonBlockingHashMapLong<>();
        AtomicLong ids = new AtomicLong();
        return new Table() {
            @Override
            public long add(Object value) {
                long id = ids.incrementAndGet();
                map.put(id, value);
                return id;
            }

            @Override
            public Object get(long id) {
                return map.get(id);
            }

            @Override
            public Object remove(long id) {
                return map.remove(id);
            }

            @Override
            public Iterable<Object> values() {
                return map.values();
            }
        };
    }

    private static Table concurrent() {
        ConcurrentHashMap<Long, Object> map = new ConcurrentHashMap<>();
        AtomicLong ids = new AtomicLong();
        return new Table() {
            @Override
            public long add(Object value) {
                long id = ids.incrementAndGet();
                map.put(id, value);
                return id;
            }

            @Override
            public Object get(long id) {
                return map.get(id);
            }

            @Override
            public Object remove(long id) {
                return map.remove(id);
            }

            @Override
            public Iterable<Object> values() {
                return map.values();
            }
        };
    }
}
