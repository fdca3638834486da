package io.msgtrans.reactive.peers;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The client's clock and books: warm-up, then the measured window, while the contestant keeps its load up.
 *
 * <p>The {@code measure} methods block the calling thread. Every other method may be called from any thread.
 */
public final class Recorder {

    /** How long the server may take to answer a request for its count, under load. */
    private static final Duration COUNT_TIMEOUT = Duration.ofSeconds(10);

    /** How often the server is asked for its count before the window, so that nothing of it is new inside. */
    private static final int COUNTS_BEFORE = 20;

    /** What {@link #phase()} gives: the times of a run. */
    static final int WARM_UP = 0;

    static final int WINDOW = 1;
    static final int AFTERWARDS = 2;
    static final int PHASES = 3;

    /** Printed when the load is there, and when the window begins and ends. */
    static final String LOADED = "LOADED";

    static final String BEGIN = "BEGIN";

    static final String END = "END";

    private final BenchSettings settings;
    private final List<EchoLane> lanes = new CopyOnWriteArrayList<>();
    private final LongAdder errors = new LongAdder();
    private final CompletableFuture<Void> failure = new CompletableFuture<>();

    private volatile int phase = WARM_UP;

    // written by the measuring thread, read by it for the result
    private long windowNanos;
    private long confirmedPackets;
    private long allocatedBytes;

    private final Histogram probes = new ConcurrentHistogram(60_000_000_000L, 3);

    Recorder(BenchSettings settings) {
        this.settings = settings;
    }

    /** The books of one more connection that waits for replies. */
    public EchoLane newLane() {
        EchoLane lane = new EchoLane(this, settings.workload());
        lanes.add(lane);
        return lane;
    }

    /** Measures what the lanes accept. */
    public void measureReplies() throws Exception {
        rehearse();
        await(settings.warmUp());
        long startNanos = System.nanoTime();
        long startBytes = AllocatedBytes.now();
        window();
        allocatedBytes = AllocatedBytes.now() - startBytes;
        windowNanos = System.nanoTime() - startNanos;
    }

    /**
     * Measures how the server's count grows. It is asked at both ends of the window, on a connection that carries load;
     * packets that were sent and not received do not count.
     *
     * @param count asks the server for the number of packets it received so far
     */
    public void measureConfirmed(Supplier<? extends CompletionStage<Long>> count) throws Exception {
        rehearse();
        for (int i = 0; i < COUNTS_BEFORE; i++) {
            await(settings.warmUp().dividedBy(COUNTS_BEFORE));
            ask(count);
        }
        long startCount = ask(count);
        long startNanos = System.nanoTime();
        long startBytes = AllocatedBytes.now();
        window();
        allocatedBytes = AllocatedBytes.now() - startBytes;
        confirmedPackets = ask(count) - startCount;
        windowNanos = System.nanoTime() - startNanos;
    }

    /** What the window begins with, as classes are loaded and compilers run for a tenth of a second when it is new. */
    private static void rehearse() {
        AllocatedBytes.now();
        System.out.println(LOADED);
    }

    /** The rig reads processor times at both lines. */
    private void window() throws Exception {
        System.out.println(BEGIN);
        phase = WINDOW;
        await(settings.duration());
        phase = AFTERWARDS;
        System.out.println(END);
    }

    /** Measures how late small requests are beside the load: one at a time, from here on until the end. */
    public void probe(Supplier<? extends CompletionStage<?>> request) {
        long startNanos = System.nanoTime();
        request.get().whenComplete((answer, error) -> {
            if (error != null) {
                fail(error);
                return;
            }
            if (phase == WINDOW) {
                probes.recordValue(System.nanoTime() - startNanos);
            }
            if (!failure.isDone()) {
                probe(request);
            }
        });
    }

    private static long ask(Supplier<? extends CompletionStage<Long>> count) throws Exception {
        return count.get().toCompletableFuture().get(COUNT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Waits for the time to pass, or throws what made the load end before. */
    private void await(Duration time) throws Exception {
        try {
            failure.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException passed) {
            return;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the load ended early", e.getCause());
        }
    }

    /** Counts something that went wrong without ending the load. */
    public void error() {
        errors.increment();
    }

    /** Ends the measurement: there is no full load any more. Without effect after it. */
    public void fail(Throwable cause) {
        failure.completeExceptionally(cause);
    }

    /** An index and no condition: a branch that is first taken in the window would have the compiled path thrown away in it. */
    int phase() {
        return phase;
    }

    /** What was measured, once the contestant has closed its connections. */
    Result result(String contestant) {
        double seconds = windowNanos / 1e9;
        if (lanes.isEmpty()) {
            return new Result(
                    contestant,
                    settings.workload(),
                    seconds,
                    confirmedPackets,
                    errors.sum(),
                    allocatedBytes,
                    Result.Latency.of(probes),
                    Result.Cost.UNKNOWN);
        }
        Histogram all = new Histogram(lanes.get(0).histogram());
        lanes.forEach(lane -> all.add(lane.histogram()));
        return new Result(
                contestant,
                settings.workload(),
                seconds,
                all.getTotalCount(),
                errors.sum(),
                allocatedBytes,
                Result.Latency.of(all),
                Result.Cost.UNKNOWN);
    }
}
