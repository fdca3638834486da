package io.msgtrans.reactive.peers;

import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import net.openhft.affinity.Affinity;

/**
 * How long a cache line takes from one processor to another. The host of a virtual machine runs its processors on whatever cores it
 * likes, on one chip now and on two some seconds later, and the machine is told nothing of it.
 *
 * <p>Two threads, bound to the processors, pass a number to and fro. The shortest of many turns counts, so that it may be asked while
 * the processors have other work.
 */
final class ProcessorDistance {

    private static final int TURNS = 400;
    private static final int PASSES_PER_TURN = 100;
    private static final Duration LONGEST = Duration.ofMillis(400);
    private static final Duration END_TIMEOUT = Duration.ofSeconds(5);

    private volatile int ball;
    private volatile boolean ended;

    private ProcessorDistance() {}

    /** In nanoseconds; 0 where threads cannot be bound, or the two never ran at the same time. */
    static double nanos(RigOptions.Pinning processors) throws InterruptedException {
        ProcessorDistance distance = new ProcessorDistance();
        CompletableFuture<Long> turn = new CompletableFuture<>();
        distance.start(processors.server(), () -> turn.complete(distance.shortestTurn()), turn);
        distance.start(processors.client(), distance::passBack, turn);
        try {
            return within(LONGEST, turn);
        } catch (TimeoutException busy) {
            distance.ended = true; // then the shortest so far is given
        }
        try {
            return within(END_TIMEOUT, turn);
        } catch (TimeoutException noAnswer) {
            return 0;
        }
    }

    private static double within(Duration timeout, CompletableFuture<Long> turn)
            throws InterruptedException, TimeoutException {
        try {
            long nanos = turn.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return nanos == Long.MAX_VALUE ? 0 : nanos / (2.0 * PASSES_PER_TURN);
        } catch (ExecutionException notBound) {
            return 0;
        }
    }

    private void start(int processor, Runnable task, CompletableFuture<Long> failed) {
        Thread thread = new Thread(
                () -> {
                    try {
                        BitSet one = new BitSet();
                        one.set(processor);
                        Affinity.setAffinity(one);
                        task.run();
                    } catch (RuntimeException | LinkageError impossible) {
                        ended = true;
                        failed.completeExceptionally(impossible);
                    }
                },
                "processor-distance-" + processor);
        thread.setDaemon(true);
        thread.start();
    }

    private long shortestTurn() {
        long shortest = Long.MAX_VALUE;
        for (int turn = 0; turn < TURNS; turn++) {
            long begin = System.nanoTime();
            for (int pass = 0; pass < PASSES_PER_TURN; pass++) {
                ball = 1;
                while (ball != 0) {
                    if (ended) {
                        return shortest;
                    }
                }
            }
            shortest = Math.min(shortest, System.nanoTime() - begin);
        }
        ended = true;
        return shortest;
    }

    private void passBack() {
        while (!ended) {
            if (ball == 1) {
                ball = 0;
            }
        }
    }
}
