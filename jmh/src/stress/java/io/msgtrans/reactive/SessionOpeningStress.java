package io.msgtrans.reactive;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/** A session that opens while its subscriber goes away: one of them has it, never nobody. */
public final class SessionOpeningStress {

    private SessionOpeningStress() {}

    /** The connection and the caller of a connect. */
    private abstract static class Connect implements CoreSubscriber<Session> {
        private final AtomicInteger disposed = new AtomicInteger();
        private final Session session = (Session) Proxy.newProxyInstance(
                Session.class.getClassLoader(), new Class<?>[] {Session.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("dispose")) {
                        disposed.incrementAndGet();
                    }
                    return null;
                });
        private volatile Subscriber<? super Session> connection;
        volatile Subscription subscription;
        private volatile int given;

        Connect() {
            new SessionOpening(opened -> source -> connection = source, Duration.ofMinutes(1)).subscribe(this);
            connection.onSubscribe(Operators.emptySubscription());
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            this.subscription = subscription;
        }

        @Override
        public void onNext(Session session) {
            given++;
        }

        @Override
        public void onError(Throwable error) {
            throw new IllegalStateException(error);
        }

        @Override
        public void onComplete() {
            // behind the session
        }

        void open() {
            connection.onNext(session);
        }

        void count(II_Result result) {
            result.r1 = given;
            result.r2 = Math.min(1, disposed.get());
        }
    }

    /** A cancel. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the caller has it")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "it was ended")
    @Outcome(expect = Expect.FORBIDDEN, desc = "nobody has it, or it is given and ended")
    @State
    public static class OpenedAndCancelled extends Connect {
        public OpenedAndCancelled() {
            subscription.request(1);
        }

        @Actor
        public void connection() {
            open();
        }

        @Actor
        public void caller() {
            subscription.cancel();
        }

        @Arbiter
        public void end(II_Result result) {
            count(result);
        }
    }

    /** Demand that comes late. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "the caller has it")
    @Outcome(expect = Expect.FORBIDDEN, desc = "it is not given, or twice")
    @State
    public static class OpenedAndRequested extends Connect {
        @Actor
        public void connection() {
            open();
        }

        @Actor
        public void caller() {
            subscription.request(1);
        }

        @Arbiter
        public void end(II_Result result) {
            count(result);
            subscription.cancel();
        }
    }
}
