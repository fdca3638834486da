package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.PublisherRules;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A {@code Flux} of the other side, seen through a connection by the Reactive Streams TCK. */
abstract class StreamVerification extends PublisherRules<Packet> {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final String uri;
    private @Nullable BoundServer server;
    private @Nullable Session session;

    StreamVerification(String uri) {
        super(new TestEnvironment(2_000, 200), 2_000);
        this.uri = uri;
    }

    @BeforeClass
    public void bind() {
        BoundServer bound = TransportServer.create()
                .listen(uri)
                .session(o -> o.streams(new Numbers()))
                .handle(opened -> Mono.never())
                .bindNow();
        server = bound;
        session = TransportClient.create(bound.uri().toString())
                .endpoint(o -> o.extensions(Extensions.ON))
                .connectNow();
    }

    private static final class Numbers implements StreamHandler {
        @Override
        public Publisher<Packet> requestStream(Session asked, Packet request) {
            long count = Long.parseLong(request.payloadText());
            if (count < 0) {
                return Flux.error(new PeerException(PeerException.FIRST_OWN, "negative"));
            }
            return Flux.<Packet, Long>generate(() -> 0L, (i, sink) -> {
                        sink.next(Packet.oneWay(Long.toString(i)));
                        return i + 1;
                    })
                    .take(count);
        }
    }

    @AfterClass
    public void dispose() {
        if (session != null) {
            session.dispose();
        }
        if (server != null) {
            server.dispose();
            server.onDispose().block(LIMIT);
        }
    }

    @Override
    public Publisher<Packet> createPublisher(long elements) {
        return open(elements);
    }

    @Override
    public Publisher<Packet> createFailedPublisher() {
        return open(-1);
    }

    private Flux<Packet> open(long elements) {
        if (session == null) {
            throw new IllegalStateException("not connected");
        }
        return session.requestStream(Packet.request(Long.toString(elements)));
    }
}
