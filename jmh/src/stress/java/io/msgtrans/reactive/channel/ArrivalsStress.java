package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIJ_Result;

/**
 * A thread sends while the event loop takes, and sends as others do. There is room for one of three: what had room arrives, and all room
 * comes back.
 */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "all that had room arrived")
@Outcome(expect = Expect.FORBIDDEN, desc = "a packet or room was lost, or a run was asked for twice")
@State
public class ArrivalsStress {

    private static final Packet PACKET = Packet.oneWay(new byte[100]);

    private final Arrivals arrivals = new Arrivals();
    private final AtomicInteger owedRuns = new AtomicInteger();
    private final AtomicInteger accepted = new AtomicInteger();
    private int taken;

    private void send() {
        if (arrivals.reserve(PACKET, 1, 1000)) {
            accepted.incrementAndGet();
            if (arrivals.add(PACKET)) {
                owedRuns.incrementAndGet();
            }
        }
    }

    private void run() {
        if (owedRuns.get() == 0) {
            return;
        }
        owedRuns.decrementAndGet();
        arrivals.beginRun();
        long done = 0;
        while (arrivals.poll() != null) {
            taken++;
            done += Arrivals.cost(PACKET);
        }
        arrivals.release(done);
    }

    @Actor
    public void sender() {
        send();
        send();
    }

    @Actor
    public void eventLoop() {
        run();
        send();
        run();
    }

    @Arbiter
    public void afterwards(IIJ_Result result) {
        run();
        result.r1 = accepted.get() - taken;
        result.r2 = owedRuns.get();
        result.r3 = arrivals.packets() + arrivals.bytes();
    }
}
