package io.msgtrans.reactive.eventloop;

import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import net.openhft.affinity.Affinity;
import reactor.util.Logger;
import reactor.util.Loggers;

/** Binds threads to processors; here alone OpenHFT's library is used, which is optional. */
final class PinnedThreads {

    private static final Logger log = Loggers.getLogger(PinnedThreads.class);
    private static final int CHECK_SECONDS = 10;

    private PinnedThreads() {}

    /** Binds the calling thread. */
    static void pin(BitSet processors) {
        Affinity.setAffinity(processors);
    }

    static boolean isPossible() {
        try {
            check(CpuTopology.read().place(1, Pinning.PROCESSOR).get(0));
            return true;
        } catch (IllegalStateException impossible) {
            log.debug("threads are not bound to processors here", impossible);
            return false;
        }
    }

    /**
     * Tries it on a thread of its own, because the library itself stays silent where it can do nothing.
     *
     * @throws IllegalStateException when it is not possible here
     */
    static void check(BitSet processors) {
        CompletableFuture<BitSet> bound = new CompletableFuture<>();
        Thread probe = new Thread(
                () -> {
                    try {
                        pin(processors);
                        bound.complete(Affinity.getAffinity());
                    } catch (RuntimeException | LinkageError impossible) {
                        bound.completeExceptionally(impossible);
                    }
                },
                "msgtrans-pinning-check");
        probe.setDaemon(true);
        probe.start();
        try {
            BitSet got = bound.get(CHECK_SECONDS, TimeUnit.SECONDS);
            if (!got.equals(processors)) {
                throw new IllegalStateException(
                        "option pinning: a thread that was bound to processors " + processors + " may run on " + got);
            }
        } catch (ExecutionException failed) {
            throw new IllegalStateException(
                    "option pinning needs net.openhft:affinity on the class path and a system that it knows: "
                            + failed.getCause(),
                    failed);
        } catch (TimeoutException hangs) {
            throw new IllegalStateException("option pinning: no thread was bound in " + CHECK_SECONDS + " s", hangs);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }
}
