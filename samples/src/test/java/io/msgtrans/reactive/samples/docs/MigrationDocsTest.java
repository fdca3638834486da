package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Code of the page about coming from RSocket and Reactor Netty. */
class MigrationDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @Test
    void fromRSocket() {
        // docs: rsocket
        Router router = Router.create()
                .onPacket(Route.tag("log"), Codec.TEXT, (session, text) -> Mono.empty()) // fireAndForget
                .onRequest(Route.tag("quote"), Codec.TEXT, Codec.TEXT, (session, symbol) -> Mono.just("1.08"))
                .onRequestStream(Route.tag("quotes"), Codec.TEXT, Codec.TEXT, (session, symbol) -> Flux.just("1", "2"))
                .onChannel(Route.tag("chat"), Codec.TEXT, Codec.TEXT, (session, lines) -> lines);
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.streams(router))
                .handle(router::handle)
                .bindNow();

        Session session = TransportClient.create(server.uri().toString())
                .endpoint(options -> options.extensions(Extensions.ON)) // streams over plain tcp are agreed on
                .connectNow();
        Mono<Packet> quote = session.request(
                Route.tag("quote").packet(PacketType.REQUEST).payload("EUR").build());
        Flux<Packet> quotes = session.requestStream(
                Route.tag("quotes").packet(PacketType.REQUEST).payload("EUR").build());
        // docs: end
        assertThat(quote.map(Packet::payloadText).block(LIMIT)).isEqualTo("1.08");
        assertThat(quotes.map(Packet::payloadText).collectList().block(LIMIT)).containsExactly("1", "2");
        server.dispose();
    }

    @Test
    void fromReactorNetty() {
        // docs: reactor-netty
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> {
                    Flux<Packet> answers = session.receive() // many subscribers in turn, packets and not chunks
                            .concatMap(packet -> Mono.just(packet.response("done")));
                    return session.send(answers); // coalesced, with demand, and errors when the connection dies
                })
                .bindNow();
        // docs: end
        Session session = TransportClient.create(server.uri().toString()).connectNow();
        assertThat(session.request(Packet.request("x")).map(Packet::payloadText).block(LIMIT))
                .isEqualTo("done");
        server.dispose();
    }
}
