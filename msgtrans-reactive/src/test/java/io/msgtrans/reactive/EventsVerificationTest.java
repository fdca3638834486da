package io.msgtrans.reactive;

import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;

/** A server's events under the Reactive Streams TCK: as many as one subscriber's queue holds. */
@Test
public class EventsVerificationTest extends PublisherRules<Integer> {

    private static final int CAPACITY = 1_024;

    public EventsVerificationTest() {
        super(new TestEnvironment(1_000, 100), 1_000);
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        EventHub<Integer> hub = new EventHub<>();
        Flux<Integer> events = hub.events(new EventOptions(CAPACITY, EventOptions.Policy.DROP_NEWEST, stats -> {}));
        return subscriber -> {
            events.subscribe(subscriber);
            for (int i = 0; i < elements; i++) {
                hub.emit(i);
            }
            hub.complete();
        };
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        return null; // events do not fail
    }

    @Override
    public long maxElementsFromPublisher() {
        return CAPACITY;
    }
}
