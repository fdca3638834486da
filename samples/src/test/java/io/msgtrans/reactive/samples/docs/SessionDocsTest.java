package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.ConnectionLostException;
import io.msgtrans.reactive.Deadline;
import io.msgtrans.reactive.JsonCodec;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.StreamHandler;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.quic.QuicConnection;
import io.msgtrans.reactive.quic.QuicOptions;
import io.msgtrans.reactive.quic.QuicStats;
import io.msgtrans.reactive.test.TestCertificate;
import io.netty.buffer.ByteBufAllocator;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Code of the README and of the guide about sessions. */
class SessionDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    record Price(String symbol, double value) {}

    private static Flux<Packet> prices(String symbol) {
        return Flux.range(1, 3).map(i -> Packet.oneWay(symbol + " " + i));
    }

    @Test
    void quickStart() {
        // docs: quick
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0") // or 0.0.0.0:8001
                .listen("ws://127.0.0.1:0")
                .handle(session -> session.send(session.receive())) // echo, backpressured end to end
                .bindNow();

        Session session = TransportClient.create(server.uri().toString()).connectNow();
        session.send(Packet.oneWay("hello")).block();
        Packet echoed = session.receive().blockFirst();
        // docs: end
        assertThat(echoed.payloadText()).isEqualTo("hello");
        // docs: stop
        session.close().block();
        server.drain(Duration.ofSeconds(10)).block();
        // docs: end
    }

    @Test
    void requests() {
        String uri = "mem://" + UUID.randomUUID();
        // docs: answer
        BoundServer server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.send(session.receive().map(packet -> packet.response("42"))))
                .bindNow();
        Session session = TransportClient.create(uri).connectNow();

        Mono<String> answer = session.request(Packet.request("how much?"), Duration.ofSeconds(2))
                .map(Packet::payloadText)
                .onErrorResume(RequestTimeoutException.class, late -> Mono.just("no answer in time"))
                .onErrorResume(PeerException.class, said -> Mono.just("refused: " + said.getMessage()))
                .onErrorResume(ConnectionLostException.class, gone -> Mono.just("not known whether it ran"));
        // docs: end
        assertThat(answer.block(LIMIT)).isEqualTo("42");
        server.dispose();
    }

    @Test
    void streams() {
        String uri = "mem://" + UUID.randomUUID();
        // docs: streams
        TransportServer server = TransportServer.create()
                .listen(uri)
                .session(options -> options.streams(new StreamHandler() {
                    @Override
                    public Publisher<Packet> requestStream(Session session, Packet request) {
                        return prices(request.payloadText()); // asked for as the subscriber over there demands
                    }

                    @Override
                    public Mono<Packet> sendStream(Session session, Flux<Packet> items) {
                        return items.count().map(count -> Packet.oneWay("got " + count));
                    }
                }));
        // docs: end
        BoundServer bound = server.bindNow();
        Session session = TransportClient.create(uri).connectNow();
        Flux<Packet> readings = Flux.range(0, 5).map(i -> Packet.oneWay("r" + i));
        List<String> seen = new CopyOnWriteArrayList<>();
        // docs: streams-client
        session.requestStream(Packet.request("EUR/USD"))
                .limitRate(64)
                .map(Packet::payloadText)
                .doOnNext(seen::add)
                .blockLast();
        Packet summary = session.sendStream(readings).block(); // many packets, one answer
        // docs: end
        assertThat(seen).hasSize(3);
        assertThat(summary.payloadText()).isEqualTo("got 5");
        bound.dispose();
    }

    @Test
    void router() {
        String uri = "mem://" + UUID.randomUUID();
        // docs: router
        Codec<Price> json = JsonCodec.of(JsonMapper.shared(), Price.class);
        Router router = Router.create()
                .onRequest(Route.tag("time"), Codec.TEXT, Codec.TEXT, (session, zone) -> timeIn(zone))
                .onRequestStream(Route.bizType(7), Codec.TEXT, json, (session, symbol) -> quotes(symbol))
                .onPacket(Route.bizType(8), json, (session, price) -> store(price));
        BoundServer server = TransportServer.create()
                .listen(uri)
                .session(options -> options.streams(router))
                .handle(router::handle)
                .bindNow();
        // docs: end
        Session session = TransportClient.create(uri).connectNow();
        Packet request = Route.tag("time")
                .packet(PacketType.REQUEST)
                .payload("Europe/Berlin")
                .build();
        assertThat(session.request(request).map(Packet::payloadText).block(LIMIT))
                .contains("Europe/Berlin");
        server.dispose();
    }

    private static Mono<String> timeIn(String zone) {
        return Mono.just(ZonedDateTime.now(ZoneId.of(zone)).toString());
    }

    private static Flux<Price> quotes(String symbol) {
        return Flux.just(new Price(symbol, 1));
    }

    private static Mono<Void> store(Price price) {
        return price.value() > 0 ? Mono.empty() : Mono.error(new IllegalArgumentException("no price: " + price));
    }

    @Test
    void deadlines() {
        String uri = "mem://" + UUID.randomUUID();
        BoundServer server = TransportServer.create()
                .listen(uri)
                .session(options -> options.deadlines(true).contextKeys("tenant"))
                .handle(session -> session.send(session.receive().map(packet -> packet.response("in time"))))
                .bindNow();
        Packet packet = Packet.request("x");
        // docs: deadlines
        Session session = TransportClient.create(uri)
                .session(options -> options.deadlines(true).contextKeys("tenant")) // the server names its keys as well
                .connectNow();
        Mono<Packet> answer = session.request(packet)
                .contextWrite(context ->
                        context.put("tenant", "blue").put(Deadline.class, Deadline.in(Duration.ofMillis(500))));
        // docs: end
        assertThat(answer.block(LIMIT).payloadText()).isEqualTo("in time");
        server.dispose();
    }

    @Test
    void sending() {
        String uri = "mem://" + UUID.randomUUID();
        BoundServer server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.receive().then())
                .bindNow();
        Session session = TransportClient.create(uri).connectNow();
        Flux<Packet> packets = prices("EUR");
        Packet packet = Packet.oneWay("x");
        // docs: send
        Mono<Void> written = session.send(packets); // asks for more as the socket takes it

        OfferResult result = session.offer(packet); // from any thread, never waits
        switch (result) {
            case ACCEPTED -> {}
            case FULL -> session.close(CloseReason.of(4000, "too slow")).subscribe();
            case CLOSED -> throw new IllegalStateException("gone: " + session.closeReason());
        }
        // docs: end
        written.block(LIMIT);
        server.dispose();
    }

    @Test
    void receiving() {
        String uri = "mem://" + UUID.randomUUID();
        List<String> seen = new CopyOnWriteArrayList<>();
        // docs: borrowed
        BoundServer server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.receiveBorrowed(packet -> seen.add(packet.payloadLength() + " bytes")))
                .bindNow();
        // docs: end
        Session session = TransportClient.create(uri).connectNow();
        session.send(Packet.builder(PacketType.ONE_WAY)
                        .bizType(7)
                        .payload(ByteBufAllocator.DEFAULT.directBuffer().writeLong(7))
                        .build())
                .block(LIMIT);
        Flux.interval(Duration.ofMillis(5)).filter(tick -> !seen.isEmpty()).blockFirst(LIMIT);
        assertThat(seen).containsExactly("8 bytes");
        server.dispose();
    }

    @Test
    void quic() {
        TestCertificate certificate = TestCertificate.selfSigned("localhost");
        Path chainPem = certificate.chain();
        Path keyPem = certificate.key();
        Path authorityPem = certificate.chain();
        // docs: quic
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", options -> options.certificate(chainPem, keyPem))
                .handle(session -> session.send(session.receive()))
                .bindNow();

        Session session = TransportClient.create(server.uri().toString())
                .endpoint(options -> options.trust(authorityPem).with(QuicOptions.IDLE_TIMEOUT, Duration.ofMinutes(1)))
                .connectNow();
        QuicStats stats = session.transport(QuicConnection.class).stats().block(); // round trip, window, lost packets
        // docs: end
        assertThat(stats).isNotNull();
        session.dispose();
        server.dispose();
    }
}
