package io.msgtrans.reactive.samples.iot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

class IotTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static Report report(int device, float... celsius) {
        List<Reading> readings = new ArrayList<>();
        for (float each : celsius) {
            readings.add(new Reading(device, 1_000L + readings.size(), each, 3.7f));
        }
        return new Report(device, readings);
    }

    private static Session connect(Collector collector) {
        return TransportClient.create(collector.uri().toString())
                .endpoint(options -> options.extensions(Extensions.ON))
                .session(options -> options.requestTimeout(LIMIT))
                .connectNow();
    }

    @Test
    void theSampleStoresAllThatItAnswers() {
        StringWriter out = new StringWriter();
        boolean well = new IotSample(
                        1500, Duration.ofSeconds(1), Duration.ofSeconds(3), null, new PrintWriter(out, true))
                .run();
        assertThat(well).as(out.toString()).isTrue();
        assertThat(out.toString()).contains("1,500 devices on 1,500 sessions", "ALERT device 999 is hot", "0 failed");
    }

    @Test
    void operatorsAreToldOnceOfADeviceThatRunsHotAndOnceThatItIsCool() {
        Collector collector = Collector.start("tcp://127.0.0.1:0", 80, null);
        Session operator = connect(collector);
        Session device = connect(collector);
        List<String> alerts = new CopyOnWriteArrayList<>();
        operator.receive().map(Packet::payloadText).subscribe(alerts::add);
        operator.send(Packet.builder(PacketType.ONE_WAY)
                        .bizType(Collector.ALERTS)
                        .build())
                .block(LIMIT);
        device.request(report(7, 81, 82, 20, 81).toRequest()).block(LIMIT);
        device.request(report(7, 83, 84, 85, 86).toRequest()).block(LIMIT);
        device.request(report(7, 30).toRequest()).block(LIMIT);
        Flux.interval(Duration.ofMillis(10)).filter(tick -> alerts.size() == 2).blockFirst(LIMIT);
        assertThat(alerts).containsExactly("device 7 is hot: 84.0 °C", "device 7 is cool again: 30.0 °C");
        assertThat(collector.rows().block(LIMIT)).isEqualTo(9);
        operator.dispose();
        device.dispose();
        collector.dispose();
    }

    @Test
    void whatIsNoReportIsAnsweredAndTheSessionGoesOn() {
        Collector collector = Collector.start("tcp://127.0.0.1:0", 80, null);
        Session device = connect(collector);
        assertThatThrownBy(() -> device.request(Packet.builder(PacketType.REQUEST)
                                .bizType(Report.BIZ_TYPE)
                                .payload("hello")
                                .build())
                        .block(LIMIT))
                .isInstanceOfSatisfying(
                        PeerException.class, error -> assertThat(error.code()).isEqualTo(PeerException.BAD_PAYLOAD))
                .hasMessageContaining("a payload of 5 bytes is no report");
        assertThat(device.request(report(1, 20).toRequest()).block(LIMIT)).isNotNull();
        device.dispose();
        collector.dispose();
    }

    @Test
    void reportsGoToKafkaTooBeforeTheyAreAnswered() throws Exception {
        KafkaClusterTestKit broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("auto.create.topics.enable", "true")
                .build();
        try {
            broker.format();
            broker.startup();
            broker.waitForReadyBrokers();
            Collector collector = Collector.start("tcp://127.0.0.1:0", 80, broker.bootstrapServers());
            Session device = connect(collector);
            device.request(report(7, 20, 21).toRequest()).block(LIMIT);
            device.dispose();
            collector.dispose();
            ConsumerRecord<byte[], byte[]> record = first(broker.bootstrapServers());
            assertThat(record.key()).isEqualTo(new byte[] {'7'});
            assertThat(record.value()).hasSize(6 + 2 * 16);
        } finally {
            broker.close();
        }
    }

    private static ConsumerRecord<byte[], byte[]> first(String brokers) {
        Map<String, Object> config = new HashMap<>(
                Map.of("bootstrap.servers", brokers, "group.id", "test", "auto.offset.reset", "earliest"));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(Set.of("readings"));
            for (int i = 0; i < 300; i++) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    return record;
                }
            }
            throw new AssertionError("nothing came");
        }
    }
}
