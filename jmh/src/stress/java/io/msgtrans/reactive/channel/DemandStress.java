package io.msgtrans.reactive.channel;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A thread adds demand twice while the event loop looks at it: when all is done, it has seen the whole. */
@JCStressTest
@Outcome(id = "12, 0", expect = Expect.ACCEPTABLE, desc = "both were seen, and no run is owed")
@Outcome(expect = Expect.FORBIDDEN, desc = "demand was lost, or a run was asked for twice")
@State
public class DemandStress {

    private final Demand demand = new Demand();
    private final AtomicInteger owedRuns = new AtomicInteger();
    private long seen;

    private void add(long n) {
        if (demand.add(n)) {
            owedRuns.incrementAndGet();
        }
    }

    private void run() {
        if (owedRuns.get() > 0) {
            owedRuns.decrementAndGet();
            demand.beginRun();
            seen = demand.requested();
        }
    }

    @Actor
    public void subscriber() {
        add(5);
        add(7);
    }

    @Actor
    public void eventLoop() {
        run();
    }

    @Arbiter
    public void afterwards(JJ_Result result) {
        run();
        run();
        result.r1 = seen;
        result.r2 = owedRuns.get();
    }
}
