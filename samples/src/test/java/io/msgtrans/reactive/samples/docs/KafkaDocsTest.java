package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.kafka.KafkaCluster;
import io.msgtrans.reactive.kafka.KafkaFanOut;
import io.msgtrans.reactive.kafka.KafkaIngest;
import io.msgtrans.reactive.kafka.KafkaOptions;
import io.msgtrans.reactive.kafka.KafkaRecord;
import io.msgtrans.reactive.kafka.KafkaRequests;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** Code of the page about Kafka, with a real broker. */
class KafkaDocsTest {

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private static String device(Session session) {
        return "device-" + session.id();
    }

    @Test
    void allOfIt() throws Exception {
        KafkaClusterTestKit broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .setConfigProp("auto.create.topics.enable", "true")
                .build();
        try {
            broker.format();
            broker.startup();
            broker.waitForReadyBrokers();
            run(broker.bootstrapServers());
        } finally {
            broker.close();
        }
    }

    private static void run(String brokers) {
        Groups rooms = Groups.create();
        // docs: options
        KafkaOptions kafka = KafkaOptions.of(brokers); // "kafka-1:9092,kafka-2:9092"
        // docs: end

        // docs: ingest
        // sessions -> topic: a request is answered when the brokers have it, in sync
        KafkaIngest ingest = KafkaIngest.of(
                kafka, (session, packet) -> KafkaRecord.of("readings", device(session), packet.payload()));
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(ingest::handle)
                .bindNow();
        // docs: end

        // docs: fan-out
        // topic -> groups: in order, offsets behind what was handled, poison to readings.dead
        KafkaFanOut fanOut = KafkaFanOut.start(
                kafka,
                "dashboards-node-1",
                List.of("readings"),
                KafkaFanOut.toGroups(
                        rooms, record -> new KafkaFanOut.Target(record.keyText(), Packet.oneWay(record.value()))));
        // docs: end

        Session session = TransportClient.create(server.uri().toString())
                .session(options -> options.requestTimeout(LIMIT))
                .connectNow();
        assertThat(session.request(Packet.request("21.5")).block(LIMIT)).isNotNull();

        Packet packet = Packet.oneWay("hello");
        // docs: cluster
        // several servers as one
        KafkaCluster node = KafkaCluster.join(kafka, "game", "node-1", rooms).block();
        node.broadcast("lobby", packet).block(); // members on all nodes, once, in the same order
        node.enter("anna", session).block(); // anna is here, until the session ends
        Boolean sent = node.send("anna", packet).block(); // from any node
        // docs: end
        assertThat(sent).isTrue();

        // docs: requests
        // a service behind a gateway
        Disposable service =
                KafkaRequests.serve(kafka, "pricing", "pricing-service", request -> Mono.just(Packet.oneWay("1.08")));
        KafkaRequests requests = KafkaRequests.open(kafka, "gateway-1.replies").block();
        Packet price = requests.request("pricing", Packet.request("EUR"), Duration.ofSeconds(20))
                .block();
        // docs: end
        assertThat(price.payloadText()).isEqualTo("1.08");
        requests.dispose();
        service.dispose();
        node.leave().block(LIMIT);
        fanOut.dispose();
        session.dispose();
        server.dispose();
        ingest.close().block(LIMIT);
    }
}
