package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PublisherRules;
import io.msgtrans.reactive.Session;
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

/** {@code receive()} seen by the Reactive Streams TCK: a server sends as many packets as it is told, then closes. */
abstract class ReceiveVerification extends PublisherRules<Packet> {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final String uri;
    private @Nullable BoundServer server;

    ReceiveVerification(String uri) {
        super(new TestEnvironment(2_000, 200), 2_000);
        this.uri = uri;
    }

    @BeforeClass
    public void bind() {
        server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.receive()
                        .take(1)
                        .concatMap(told -> session.send(numbered(Long.parseLong(told.payloadText()))))
                        .then(Mono.defer(session::close)))
                .bindNow();
    }

    private static Flux<Packet> numbered(long count) {
        return Flux.<Packet, Long>generate(() -> 0L, (i, sink) -> {
                    sink.next(Packet.oneWay(Long.toString(i)));
                    return i + 1;
                })
                .take(count);
    }

    @AfterClass
    public void dispose() {
        if (server != null) {
            server.dispose();
            server.onDispose().block(LIMIT);
        }
    }

    @Override
    public Publisher<Packet> createPublisher(long elements) {
        if (server == null) {
            throw new IllegalStateException("not bound");
        }
        Session session = TransportClient.create(server.uri().toString()).connectNow();
        var unused = session.offer(Packet.oneWay(Long.toString(elements)));
        return session.receive();
    }

    @Override
    public @Nullable Publisher<Packet> createFailedPublisher() {
        if (server == null) {
            throw new IllegalStateException("not bound");
        }
        Session session = TransportClient.create(server.uri().toString()).connectNow();
        session.receive().subscribe(); // the only subscriber there may be
        return session.receive();
    }
}
