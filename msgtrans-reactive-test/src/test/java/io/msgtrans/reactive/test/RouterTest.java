package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.JsonCodec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

@ExtendWith(LeakCheck.class)
class RouterTest {

    private static final Route TAGGED = Route.tag("numbers");
    private static final Route NUMBERED = Route.bizType(7);
    private static final Codec<Integer> NUMBER = Codec.of(
            number -> Integer.toString(number).getBytes(StandardCharsets.UTF_8),
            bytes -> Integer.valueOf(new String(bytes, StandardCharsets.UTF_8)));

    /** What the JSON route takes and gives. */
    record Order(String symbol, int quantity) {}

    private static final JsonMapper JSON = new JsonMapper();
    private static final Codec<Order> ORDER = JsonCodec.of(JSON, Order.class);
    private static final Codec<List<Order>> ORDERS = JsonCodec.of(JSON, new TypeReference<List<Order>>() {});
    private static final Route JSON_ROUTE = Route.tag("orders");

    private final Queue<String> received = new ConcurrentLinkedQueue<>();
    private BoundServer server;
    private Session session;

    @BeforeEach
    void open() {
        Router router = Router.create()
                .onPacket(NUMBERED, Codec.TEXT, (from, text) -> Mono.fromRunnable(() -> received.add(text)))
                .onRequest(TAGGED, NUMBER, NUMBER, (from, number) -> Mono.just(number * 2))
                .onRequest(NUMBERED, Codec.TEXT, Codec.TEXT, (from, text) -> Mono.error(new PeerException(300, text)))
                .onRequest(JSON_ROUTE, ORDER, ORDERS, (from, order) -> Mono.just(List.of(order, new Order("b", 2))))
                .onRequestStream(TAGGED, NUMBER, NUMBER, (from, count) -> Flux.range(0, count))
                .onSendStream(TAGGED, NUMBER, NUMBER, (from, numbers) -> numbers.reduce(0, Integer::sum))
                .onChannel(NUMBERED, NUMBER, NUMBER, (from, numbers) -> numbers.map(number -> -number));
        server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(o -> o.streams(router))
                .handle(router::handle)
                .bindNow();
        session = connect(Extensions.ON);
    }

    private Session connect(Extensions extensions) {
        return TransportClient.create(server.uri().toString())
                .endpoint(o -> o.extensions(extensions))
                .connectNow();
    }

    @AfterEach
    void end() {
        session.dispose();
        TransportContract.stop(server);
    }

    private static Packet packet(Route route, PacketType type, Object value) {
        return route.packet(type).payload(String.valueOf(value)).build();
    }

    private static Flux<Packet> numbers(Route route, int count) {
        return Flux.range(1, count).map(number -> packet(route, PacketType.ONE_WAY, number));
    }

    private static Flux<Integer> values(Publisher<Packet> packets) {
        return Flux.from(packets).map(packet -> Integer.parseInt(packet.payloadText()));
    }

    @Test
    void eachKindFindsItsHandlerByItsRoute() {
        session.send(packet(NUMBERED, PacketType.ONE_WAY, "hello")).block(TransportContract.LIMIT);
        TransportContract.until("it has arrived", () -> received.contains("hello"));
        StepVerifier.create(values(session.request(packet(TAGGED, PacketType.REQUEST, 21))))
                .expectNext(42)
                .verifyComplete();
        StepVerifier.create(values(session.requestStream(packet(TAGGED, PacketType.REQUEST, 3))))
                .expectNext(0, 1, 2)
                .verifyComplete();
        StepVerifier.create(values(session.sendStream(numbers(TAGGED, 4))))
                .expectNext(10)
                .verifyComplete();
        StepVerifier.create(values(session.channel(numbers(NUMBERED, 3))))
                .expectNext(-1, -2, -3)
                .verifyComplete();
    }

    @Test
    void errorsUnknownRoutesAndBadPayloadsAreAnswered() {
        assertError(session.request(packet(NUMBERED, PacketType.REQUEST, "no")), 300, "no");
        assertError(
                session.request(packet(Route.tag("nowhere"), PacketType.REQUEST, "")),
                PeerException.NO_HANDLER,
                "tag nowhere");
        assertError(
                session.request(packet(TAGGED, PacketType.REQUEST, "x")),
                PeerException.APPLICATION,
                "For input string");
        assertError(
                session.requestStream(packet(NUMBERED, PacketType.REQUEST, 3)), PeerException.NO_HANDLER, "biz type 7");
        assertError(session.sendStream(numbers(NUMBERED, 2)), PeerException.NO_HANDLER, "biz type 7");
        assertError(
                session.channel(Flux.just(packet(NUMBERED, PacketType.ONE_WAY, "x"))),
                PeerException.APPLICATION,
                "For input string");
        assertThat(session.isOpen()).isTrue();
    }

    private static void assertError(Publisher<Packet> answer, int code, String message) {
        StepVerifier.create(answer)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                PeerException.class,
                                peer -> assertThat(peer.code()).isEqualTo(code))
                        .hasMessageContaining(message))
                .verify(TransportContract.LIMIT);
    }

    @Test
    void jsonIsReadAndWrittenAndWhatIsNoneIsAnswered() {
        assertThat(session.request(packet(JSON_ROUTE, PacketType.REQUEST, "{\"symbol\":\"a\",\"quantity\":1}"))
                        .map(answer -> ORDERS.decode(answer.payload()))
                        .block(TransportContract.LIMIT))
                .containsExactly(new Order("a", 1), new Order("b", 2));
        assertError(
                session.request(packet(JSON_ROUTE, PacketType.REQUEST, "{\"symbol\":7,\"quantity\":\"many\"}")),
                PeerException.BAD_PAYLOAD,
                "Order");
        assertError(
                session.request(packet(JSON_ROUTE, PacketType.REQUEST, "no json")), PeerException.BAD_PAYLOAD, "Order");
    }

    @Test
    void aPlainPeerGetsAnswersAndNoErrorFrames() {
        Session plain = connect(Extensions.OFF);
        assertThat(plain.request(packet(NUMBERED, PacketType.REQUEST, "no"), Duration.ofMillis(100))
                        .onErrorResume(timeout -> plain.request(packet(TAGGED, PacketType.REQUEST, 4)))
                        .map(Packet::payloadText)
                        .block(TransportContract.LIMIT))
                .isEqualTo("8");
        plain.dispose();
    }
}
