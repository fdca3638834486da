package io.msgtrans.reactive.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Two brokers; the leader of a partition goes while records are under way to it and from it. */
class KafkaLeaderTest {

    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int COUNT = 1500;

    private static int leader(Admin admin, String topic) throws Exception {
        return Objects.requireNonNull(admin.describeTopics(List.of(topic))
                        .allTopicNames()
                        .get(30, TimeUnit.SECONDS)
                        .get(topic))
                .partitions()
                .get(0)
                .leader()
                .id();
    }

    @Test
    void nothingIsLostOrThereTwiceWhenTheLeaderMoves() throws Exception {
        KafkaClusterTestKit brokers = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setNumBrokerNodes(2)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "2")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .build();
        try {
            brokers.format();
            brokers.startup();
            brokers.waitForReadyBrokers();
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers.bootstrapServers()))) {
                run(brokers, admin);
            }
        } finally {
            brokers.close();
        }
    }

    private static void run(KafkaClusterTestKit brokers, Admin admin) throws Exception {
        String topic = "moving";
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 2))).all().get(30, TimeUnit.SECONDS);
        KafkaOptions kafka = KafkaOptions.of(brokers.bootstrapServers());
        KafkaIngest ingest = KafkaIngest.of(kafka, (session, packet) -> KafkaRecord.of(topic, "key", packet.payload()));
        KafkaLink link = new KafkaLink(kafka);
        List<String> heard = new CopyOnWriteArrayList<>();
        KafkaFanOut fanOut = KafkaFanOut.onLink(
                link,
                "listeners",
                topic,
                record -> Mono.fromRunnable(
                        () -> heard.add(new String(Objects.requireNonNull(record.value()), StandardCharsets.UTF_8))));
        String uri = "mem://" + UUID.randomUUID();
        BoundServer server =
                TransportServer.create().listen(uri).handle(ingest::handle).bindNow();
        Session session = TransportClient.create(uri)
                .session(options -> options.requestTimeout(LIMIT))
                .connectNow();
        int before = leader(admin, topic);
        List<Integer> answered = new CopyOnWriteArrayList<>();
        Mono<Void> asking = Flux.range(0, COUNT)
                .flatMapSequential(i -> session.request(Packet.request("" + i)).doOnNext(answer -> answered.add(i)), 32)
                .then()
                .cache();
        asking.subscribe(nothing -> {}, error -> {});
        Flux.interval(Duration.ofMillis(2))
                .filter(tick -> answered.size() > 200)
                .blockFirst(LIMIT);
        brokers.brokers().get(before).shutdown();
        asking.block(LIMIT);
        assertThat(leader(admin, topic)).isNotEqualTo(before);

        List<String> all = IntStream.range(0, COUNT).mapToObj(Integer::toString).toList();
        assertThat(Broker.read(brokers.bootstrapServers(), topic, COUNT))
                .extracting(record -> new String(record.value(), StandardCharsets.UTF_8))
                .isEqualTo(all);
        Flux.interval(Duration.ofMillis(10))
                .filter(tick -> heard.size() >= COUNT)
                .blockFirst(LIMIT);
        assertThat(heard).isEqualTo(all);
        fanOut.dispose();
        session.dispose();
        server.dispose();
        ingest.close().block(LIMIT);
        link.close().block(LIMIT);
    }
}
