package io.msgtrans.reactive.operator;

import io.msgtrans.reactive.PublisherRules;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** A channel's consumer under the Reactive Streams TCK, on a scheduler. */
@Test
public class ChannelVerificationTest extends PublisherRules<Integer> {

    public ChannelVerificationTest() {
        super(new TestEnvironment(1_000, 100), 1_000);
    }

    @Override
    public Publisher<Integer> createPublisher(long elements) {
        MpmcChannel<Integer> channel = MpmcChannel.mpsc(64);
        channel.sendAll(Flux.<Integer>generate(sink -> sink.next(1)).take(elements))
                .subscribe(null, null, channel::close);
        return channel.receive(Schedulers.parallel());
    }

    @Override
    public Publisher<Integer> createFailedPublisher() {
        MpmcChannel<Integer> channel = MpmcChannel.mpsc(64);
        channel.closeWithError(new IllegalStateException("closed"));
        return channel.receive();
    }
}
