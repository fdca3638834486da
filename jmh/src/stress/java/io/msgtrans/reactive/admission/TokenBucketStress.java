package io.msgtrans.reactive.admission;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Two threads want four of the three tokens of a bucket, at one moment: three get one, and then it is empty. */
@JCStressTest
@Outcome(id = "3, 1", expect = Expect.ACCEPTABLE, desc = "as many as there were")
@Outcome(expect = Expect.FORBIDDEN, desc = "a token was given twice, or to nobody")
@State
public class TokenBucketStress {

    private final TokenBucket bucket = new TokenBucket(Rate.of(1, 3), 0);
    private int first;
    private int second;

    private int take() {
        return bucket.tryTake(0) ? 1 : 0;
    }

    @Actor
    public void two() {
        first = take() + take();
    }

    @Actor
    public void twoMore() {
        second = take() + take();
    }

    @Arbiter
    public void afterwards(II_Result result) {
        result.r1 = first + second;
        result.r2 = bucket.nanosUntilNext(0) > 0 ? 1 : 0;
    }
}
