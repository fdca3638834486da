package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.PublisherRules;
import java.time.Duration;
import java.util.List;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;

/** Batches of three under the Reactive Streams TCK. */
@Test
public class BatchesVerificationTest extends PublisherRules<List<Integer>> {

    private static final Batches<Integer> THREE = Batches.<Integer>ofItems(3).within(Duration.ofMillis(50));

    public BatchesVerificationTest() {
        super(new TestEnvironment(1_000, 100), 1_000);
    }

    @Override
    public Publisher<List<Integer>> createPublisher(long elements) {
        return Flux.<Integer>generate(sink -> sink.next(1))
                .take(Math.min(elements, Long.MAX_VALUE / 3) * 3)
                .transform(THREE::of);
    }

    @Override
    public Publisher<List<Integer>> createFailedPublisher() {
        return Flux.<Integer>error(new IllegalStateException("x")).transform(THREE::of);
    }
}
