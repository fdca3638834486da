package io.msgtrans.reactive.samples.docs.first;

// docs: program
import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.time.Duration;
import reactor.core.publisher.Flux;

/** A server that answers, and counts down to whoever connects; and a client of it. */
public class Quotes {

    public static void main(String[] args) {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .listen("ws://127.0.0.1:0")
                .handle(session -> {
                    Flux<Packet> answers =
                            session.receive().map(packet -> packet.response("EUR 1.08, " + packet.payloadText()));
                    Flux<Packet> countdown =
                            Flux.interval(Duration.ofMillis(50)).take(3).map(i -> Packet.oneWay("in " + (3 - i)));
                    return session.send(Flux.merge(answers, countdown));
                })
                .bindNow();
        server.uris().forEach(uri -> System.out.println("listening on " + uri));

        Session session = TransportClient.create(server.uri().toString()).connectNow();
        System.out.println(session.request(Packet.request("please"))
                .map(Packet::payloadText)
                .block());
        session.receive()
                .take(3)
                .map(Packet::payloadText)
                .doOnNext(System.out::println)
                .blockLast();

        session.close().block();
        server.drain(Duration.ofSeconds(5)).block();
    }
}
// docs: end
