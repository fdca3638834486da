package io.msgtrans.reactive.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.BrokerUnavailableException;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Groups;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The bridge and a real broker. */
class KafkaTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final KafkaOptions NOBODY =
            KafkaOptions.of("127.0.0.1:1").sendTimeout(Duration.ofSeconds(1)).closeTimeout(Duration.ofMillis(10));

    private static Broker broker;

    private final Disposable.Composite started = Disposables.composite();

    @BeforeAll
    static void startBroker() {
        broker = Broker.start();
    }

    @AfterAll
    static void closeBroker() throws Exception {
        broker.close();
    }

    @AfterEach
    void stop() {
        started.dispose();
    }

    private static void until(String what, BooleanSupplier condition) {
        Boolean met = Flux.interval(Duration.ofMillis(20))
                .onBackpressureDrop()
                .map(tick -> condition.getAsBoolean())
                .filter(yes -> yes)
                .blockFirst(LIMIT);
        assertThat(met).as(what).isTrue();
    }

    private Session serve(KafkaIngest ingest) {
        String name = "mem://" + UUID.randomUUID();
        BoundServer server =
                TransportServer.create().listen(name).handle(ingest::handle).bindNow();
        started.add(() -> {
            server.dispose();
            ingest.close().block(LIMIT);
        });
        return TransportClient.create(name)
                .session(options -> options.requestTimeout(LIMIT))
                .connectNow();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static KafkaRecord toTopic(String topic, Packet packet) {
        String[] parts = packet.payloadText().split(":", 2);
        if (parts.length < 2) {
            throw new IllegalArgumentException("no key in " + packet.payloadText());
        }
        return KafkaRecord.of(topic, parts[0], packet.payload());
    }

    // ---- ingest ----

    @Test
    void whatIsAnsweredIsInTheTopicOnceAndInOrder() throws Exception {
        String topic = broker.topic("ingest", 4);
        KafkaIngest ingest = KafkaIngest.of(broker.options(), (session, packet) -> toTopic(topic, packet));
        Session session = serve(ingest);
        int count = 2000;
        Long answered = Flux.range(0, count)
                .flatMapSequential(i -> session.request(Packet.request("key" + i % 7 + ":" + i)), 200)
                .count()
                .block(LIMIT);
        assertThat(answered).isEqualTo(count);
        List<ConsumerRecord<byte[], byte[]>> records = broker.read(topic, count);
        assertThat(records).hasSize(count);
        Map<String, Integer> last = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            int number = Integer.parseInt(text(record.value()).split(":", -1)[1]);
            assertThat(number).isGreaterThan(last.getOrDefault(text(record.key()), -1));
            last.put(text(record.key()), number);
        }
        assertThat(ingest.stats().completed()).isEqualTo(count);
        assertThat(ingest.stats().underWay()).isZero();
    }

    @Test
    void aPacketThatHasNoPlaceIsRefusedAndNoOther() throws Exception {
        String topic = broker.topic("refused", 1);
        KafkaIngest ingest = KafkaIngest.of(broker.options(), (session, packet) -> toTopic(topic, packet));
        Session session = serve(ingest);
        assertThatThrownBy(() -> session.request(Packet.request("nothing")).block(LIMIT))
                .isInstanceOfSatisfying(
                        PeerException.class,
                        refused -> assertThat(refused.code()).isEqualTo(PeerException.BAD_PAYLOAD))
                .hasMessageContaining("no key in nothing");
        session.send(Packet.oneWay("nothing either")).block(LIMIT);
        assertThat(session.request(Packet.request("a:1")).block(LIMIT)).isNotNull();
        assertThat(ingest.stats().refused()).isEqualTo(2);
        assertThat(broker.read(topic, 1)).hasSize(1);
    }

    @Test
    void withoutBrokersRequestsAreRefusedAndOthersEndTheSession() {
        Session session = serve(KafkaIngest.of(NOBODY, (peer, packet) -> toTopic("none", packet)));
        assertThatThrownBy(() -> session.request(Packet.request("a:1")).block(LIMIT))
                .isInstanceOfSatisfying(
                        PeerException.class,
                        refused -> assertThat(refused.code()).isEqualTo(PeerException.UNAVAILABLE));
        session.send(Packet.oneWay("a:2")).block(LIMIT);
        CloseReason reason = session.onClose().block(LIMIT);
        assertThat(reason).isNotNull();
        assertThat(reason.code()).isEqualTo(1013);
    }

    @Test
    void aPingTellsWhetherTheBrokersAnswer() {
        KafkaIngest there = KafkaIngest.of(broker.options(), (session, packet) -> toTopic("none", packet));
        there.ping(Duration.ofSeconds(20)).block(LIMIT);
        KafkaIngest nobody = KafkaIngest.of(NOBODY, (session, packet) -> toTopic("none", packet));
        // The limit of the wait is below what Kafka's own clients wait for by default.
        assertThatThrownBy(() -> nobody.ping(Duration.ofMillis(300)).block(Duration.ofSeconds(20)))
                .isInstanceOf(BrokerUnavailableException.class)
                .hasMessageContaining("did not answer within PT0.3S");
        there.close().block(LIMIT);
        nobody.close().block(LIMIT);
    }

    @Test
    void aSlowBrokerIsFeltByThePeer() {
        KafkaOptions slow = NOBODY.sendTimeout(Duration.ofSeconds(8)).pending(2).inFlight(1);
        KafkaIngest ingest = KafkaIngest.of(slow, (peer, packet) -> toTopic("none", packet));
        String name = "mem://" + UUID.randomUUID();
        BoundServer server =
                TransportServer.create().listen(name).handle(ingest::handle).bindNow();
        started.add(() -> {
            server.dispose();
            ingest.close().block(LIMIT);
        });
        Session session = TransportClient.create(name).connectNow();
        session.send(Flux.<Packet>generate(sink -> sink.next(Packet.oneWay("a:" + "x".repeat(1000)))))
                .subscribe(nothing -> {}, error -> {});
        until("the session is not read any more", () -> server.stats().traffic().stalled() == 1);
        until("and the peer writes no more", () -> session.stats().full() == 1);
        assertThat(ingest.stats().received()).as("at a time").isEqualTo(256);
        session.dispose();
    }

    @Test
    void whatIsUnderWayAtTheEndIsFinished() throws Exception {
        String topic = broker.topic("end", 1);
        KafkaIngest ingest = KafkaIngest.of(broker.options(), (session, packet) -> toTopic(topic, packet));
        Session session = serve(ingest);
        AtomicInteger done = new AtomicInteger();
        for (int i = 0; i < 500; i++) {
            ingest.send(session, Packet.oneWay("a:" + i)).subscribe(nothing -> {}, error -> {}, done::incrementAndGet);
        }
        ingest.close().block(LIMIT);
        assertThat(done.get()).isEqualTo(500);
        assertThat(broker.read(topic, 500)).hasSize(500);
        assertThatThrownBy(() -> ingest.send(session, Packet.oneWay("a:1")).block(LIMIT))
                .isInstanceOf(BrokerUnavailableException.class);
        session.dispose();
    }

    // ---- fan-out ----

    private static void produce(KafkaLink link, String topic, int from, int to) {
        Flux.range(from, to - from)
                .concatMap(
                        i -> link.send(KafkaRecord.of(topic, "key" + i % 3, ("" + i).getBytes(StandardCharsets.UTF_8))))
                .blockLast(LIMIT);
    }

    private KafkaLink link() {
        KafkaLink link = new KafkaLink(broker.options());
        started.add(() -> link.close().block(LIMIT));
        return link;
    }

    private KafkaFanOut onTopic(KafkaLink link, String group, String topic, List<String> seen) {
        KafkaFanOut fanOut = KafkaFanOut.onLink(link, group, topic, record -> {
            String value = text(record.value());
            if (value.equals("13")) {
                return Mono.error(new IllegalStateException("bad luck"));
            }
            seen.add(value);
            return Mono.empty();
        });
        started.add(fanOut);
        return fanOut;
    }

    @Test
    void poisonGoesToTheDeadLettersAndTheRestGoesOn() throws Exception {
        String topic = broker.topic("poison", 1);
        KafkaLink link = link();
        List<String> seen = new CopyOnWriteArrayList<>();
        KafkaFanOut fanOut = onTopic(link, "g-" + topic, topic, seen);
        produce(link, topic, 0, 30);
        until("all but one", () -> seen.size() == 29);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            if (i != 13) {
                expected.add("" + i);
            }
        }
        assertThat(seen).isEqualTo(expected);
        List<ConsumerRecord<byte[], byte[]>> dead = broker.read(topic + ".dead", 1);
        assertThat(dead).singleElement().satisfies(letter -> {
            assertThat(text(letter.value())).isEqualTo("13");
            assertThat(text(letter.headers().lastHeader("msgtrans-origin").value()))
                    .isEqualTo(topic + "-0@13");
            assertThat(text(letter.headers().lastHeader("msgtrans-error").value()))
                    .contains("bad luck");
        });
        assertThat(fanOut.stats().failed()).isEqualTo(1);
        assertThat(fanOut.stats().refused()).as("tried three times").isEqualTo(2);
    }

    @Test
    void aRestartGoesOnWhereItWas() throws Exception {
        String topic = broker.topic("restart", 3);
        KafkaLink link = link();
        List<String> first = new CopyOnWriteArrayList<>();
        KafkaFanOut before = onTopic(link, "g-" + topic, topic, first);
        produce(link, topic, 100, 150);
        until("all came", () -> first.size() == 50);
        before.dispose();
        produce(link, topic, 150, 200);
        List<String> second = new CopyOnWriteArrayList<>();
        onTopic(link, "g-" + topic, topic, second);
        until("what was missed came", () -> second.size() >= 50);
        assertThat(second).doesNotContainAnyElementsOf(first).hasSize(50);
    }

    @Test
    void aPauseOutlivesARebalance() throws Exception {
        String topic = broker.topic("pause", 2);
        KafkaLink link = link();
        List<String> seen = new CopyOnWriteArrayList<>();
        KafkaFanOut fanOut = onTopic(link, "g-" + topic, topic, seen);
        produce(link, topic, 100, 110);
        until("it works", () -> seen.size() == 10);
        fanOut.pause();
        List<String> other = new CopyOnWriteArrayList<>();
        KafkaFanOut second = onTopic(link(), "g-" + topic, topic, other);
        produce(link, topic, 200, 260);
        until("the other one has its share", () -> !other.isEmpty());
        assertThat(seen).hasSize(10);
        second.dispose();
        fanOut.resume();
        until("and this one the rest", () -> {
            List<String> all = new ArrayList<>(seen);
            all.addAll(other);
            return all.stream().distinct().count() == 70;
        });
    }

    @Test
    void recordsReachTheMembersOfGroups() throws Exception {
        String topic = broker.topic("rooms", 2);
        Groups rooms = Groups.create();
        String name = "mem://" + UUID.randomUUID();
        BoundServer server = TransportServer.create()
                .listen(name)
                .handle(session -> {
                    rooms.group("key1").join(session);
                    return session.receive().then();
                })
                .bindNow();
        started.add(server);
        Session member = TransportClient.create(name).connectNow();
        List<String> seen = new CopyOnWriteArrayList<>();
        member.receive().map(Packet::payloadText).subscribe(seen::add);
        until("it is a member", () -> rooms.group("key1").size() == 1);
        KafkaLink link = link();
        produce(link, topic, 0, 1);
        KafkaFanOut fanOut = KafkaFanOut.start(
                broker.options(),
                "rooms-" + topic,
                List.of(topic),
                KafkaFanOut.toGroups(
                        rooms, record -> new KafkaFanOut.Target(record.keyText(), Packet.oneWay(record.value()))));
        started.add(fanOut);
        int next = 1;
        while (seen.isEmpty() && next < 3000) { // a new consumer group begins at what comes from now on
            produce(link, topic, next, next + 3);
            next += 3;
        }
        until("it has begun", () -> !seen.isEmpty());
        assertThat(seen).allMatch(number -> Integer.parseInt(number) % 3 == 1);
    }

    // ---- nodes ----

    private final class Node {
        final Groups rooms = Groups.create();
        final String uri = "mem://" + UUID.randomUUID();
        final List<String> seen = new CopyOnWriteArrayList<>();
        final BoundServer server;
        final KafkaCluster cluster;
        final Session client;

        Node(String prefix, String name) {
            cluster = KafkaCluster.join(broker.options(), prefix, name, rooms).block(LIMIT);
            server = TransportServer.create()
                    .listen(uri)
                    .handle(session -> {
                        rooms.group("lobby").join(session);
                        return cluster.enter("user-of-" + name, session)
                                .then(session.receive().then());
                    })
                    .bindNow();
            client = TransportClient.create(uri).connectNow();
            client.receive().map(Packet::payloadText).subscribe(seen::add);
            started.add(() -> {
                server.dispose();
                cluster.leave().block(LIMIT);
            });
            until("a member", () -> rooms.group("lobby").size() == 1);
        }
    }

    @Test
    void broadcastsReachAllNodesOnceAndInOrder() {
        String prefix = "cluster-" + UUID.randomUUID();
        Node one = new Node(prefix, "one");
        Node two = new Node(prefix, "two");
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            sent.add("m" + i);
        }
        Flux.fromIterable(sent)
                .concatMap(text -> (text.endsWith("3") ? two : one).cluster.broadcast("lobby", Packet.oneWay(text)))
                .blockLast(LIMIT);
        until("both have all", () -> one.seen.size() >= 100 && two.seen.size() >= 100);
        assertThat(one.seen).isEqualTo(sent);
        assertThat(two.seen).isEqualTo(sent);
        assertThat(one.cluster.broadcastStats().completed()).isEqualTo(100);
    }

    @Test
    void packetsFindASessionOnAnotherNode() {
        String prefix = "presence-" + UUID.randomUUID();
        Node one = new Node(prefix, "one");
        Node two = new Node(prefix, "two");
        until(
                "each knows both",
                () -> one.cluster.nodes().size() == 2 && two.cluster.nodes().size() == 2);
        until("and where they are", () -> "two".equals(one.cluster.nodeOf("user-of-two")));
        assertThat(one.cluster
                        .send("user-of-two", Packet.oneWay("hello over there"))
                        .block(LIMIT))
                .isTrue();
        assertThat(one.cluster.send("user-of-one", Packet.oneWay("hello here")).block(LIMIT))
                .isTrue();
        assertThat(one.cluster.send("nobody", Packet.oneWay("?")).block(LIMIT)).isFalse();
        until("they came", () -> two.seen.contains("hello over there") && one.seen.contains("hello here"));
        two.client.close().block(LIMIT);
        until("the name is gone", () -> one.cluster.nodeOf("user-of-two") == null);
        assertThat(one.cluster.send("user-of-two", Packet.oneWay("late")).block(LIMIT))
                .isFalse();
        two.cluster.leave().block(LIMIT);
        until("and the node", () -> one.cluster.nodes().size() == 1);
    }

    // ---- requests ----

    @Test
    void aServiceAnswersOverTopics() throws Exception {
        String topic = broker.topic("pricing", 2);
        started.add(KafkaRequests.serve(
                broker.options(), topic, "pricing-" + topic, request -> switch (request.payloadText()) {
                    case "bad" -> Mono.error(new PeerException(300, "no such thing"));
                    case "never" -> Mono.never();
                    default -> Mono.just(Packet.oneWay("price of " + request.payloadText()));
                }));
        KafkaRequests requests =
                KafkaRequests.open(broker.options(), topic + ".replies").block(LIMIT);
        started.add(requests);
        List<String> answers = Flux.range(0, 50)
                .flatMapSequential(i -> requests.request(topic, Packet.request("" + i), Duration.ofSeconds(30)))
                .map(Packet::payloadText)
                .collectList()
                .block(LIMIT);
        assertThat(answers).hasSize(50).startsWith("price of 0", "price of 1").endsWith("price of 49");
        assertThatThrownBy(() ->
                        requests.request(topic, Packet.request("bad"), LIMIT).block(LIMIT))
                .isInstanceOfSatisfying(
                        PeerException.class, error -> assertThat(error.code()).isEqualTo(300))
                .hasMessageContaining("no such thing");
        assertThatThrownBy(() -> requests.request(topic, Packet.request("never"), Duration.ofMillis(300))
                        .block(LIMIT))
                .isInstanceOf(RequestTimeoutException.class);
        assertThat(requests.pending()).isZero();
    }
}
