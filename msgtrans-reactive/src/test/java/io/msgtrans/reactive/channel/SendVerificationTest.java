package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.tcp.PlainFraming;
import java.util.concurrent.atomic.AtomicReference;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.Test;

/** The subscriber behind {@code send(publisher)} seen by the Reactive Streams TCK. */
@Test
public class SendVerificationTest extends SubscriberBlackboxVerification<Packet> {

    public SendVerificationTest() {
        super(new TestEnvironment(2_000, 200));
    }

    @Override
    public Subscriber<Packet> createSubscriber() {
        Decoding session =
                new Decoding(new PlainFraming(PlainFraming.DEFAULT_MAX_PAYLOAD), SessionOptions.DEFAULTS, false);
        AtomicReference<Subscriber<? super Packet>> sender = new AtomicReference<>();
        session.handler.session().send(sender::set).subscribe(nothing -> {}, error -> {});
        @SuppressWarnings("unchecked") // it takes packets
        Subscriber<Packet> subscriber = (Subscriber<Packet>) sender.get();
        return subscriber;
    }

    @Override
    public Packet createElement(int element) {
        return Packet.oneWay(Integer.toString(element));
    }
}
