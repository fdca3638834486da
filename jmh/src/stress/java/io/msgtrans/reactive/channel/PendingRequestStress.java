package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.monitor.Timings;
import io.netty.channel.DefaultEventLoop;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/** What may happen to a request at the same time: its response, its caller's demand, its caller's cancel. */
public final class PendingRequestStress {

    private static final PendingRequests TABLE =
            new PendingRequests(new DefaultEventLoop(), 1, () -> "", () -> {}, new Timings().requests());
    private static final Packet PACKET = Packet.oneWay(new byte[0]);

    private PendingRequestStress() {}

    private static final class Caller implements CoreSubscriber<Packet> {
        private final AtomicInteger responses = new AtomicInteger();
        private final AtomicInteger ends = new AtomicInteger();

        @Override
        public void onSubscribe(Subscription subscription) {}

        @Override
        public void onNext(Packet packet) {
            responses.incrementAndGet();
        }

        @Override
        public void onError(Throwable error) {
            ends.incrementAndGet();
        }

        @Override
        public void onComplete() {
            ends.incrementAndGet();
        }
    }

    /** A request of a caller, in the state before anything happened. */
    private abstract static class Waiting {
        final Caller caller = new Caller();
        final PendingRequest request = new PendingRequest(TABLE, null, PACKET, null, Duration.ofSeconds(1), caller);
    }

    /** The response comes while the caller asks for it. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "given once, by either")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or given twice")
    @State
    public static class ResponseAndDemand extends Waiting {
        @Actor
        public void eventLoop() {
            request.respond(PACKET);
        }

        @Actor
        public void caller() {
            request.request(1);
        }

        @Arbiter
        public void afterwards(II_Result result) {
            result.r1 = caller.responses.get();
            result.r2 = caller.ends.get();
        }
    }

    /** The response comes while the caller asks for it and another thread cancels. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "given before the cancel")
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "cancelled before it was given")
    @Outcome(expect = Expect.FORBIDDEN, desc = "given twice, or half")
    @State
    public static class ResponseDemandAndCancel extends Waiting {
        @Actor
        public void eventLoop() {
            request.respond(PACKET);
        }

        @Actor
        public void caller() {
            request.request(1);
        }

        @Actor
        public void canceller() {
            request.cancel();
        }

        @Arbiter
        public void afterwards(II_Result result) {
            result.r1 = caller.responses.get();
            result.r2 = caller.ends.get();
        }
    }
}
