package io.msgtrans.reactive.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/**
 * A real broker in this process. Who starts it closes it before the JVM ends: a hook of the kit deletes its logs then, and
 * a broker that finds none halts the JVM with an error, whatever the tests said.
 */
final class Broker {

    private final KafkaClusterTestKit kit;

    private Broker(KafkaClusterTestKit kit) {
        this.kit = kit;
    }

    static Broker start() {
        try {
            KafkaClusterTestKit kit = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                            .setCombined(true)
                            .setNumBrokerNodes(1)
                            .setNumControllerNodes(1)
                            .build())
                    .setConfigProp("offsets.topic.replication.factor", "1")
                    .setConfigProp("transaction.state.log.replication.factor", "1")
                    .setConfigProp("transaction.state.log.min.isr", "1")
                    .setConfigProp("group.initial.rebalance.delay.ms", "0")
                    .setConfigProp("auto.create.topics.enable", "true")
                    .build();
            kit.format();
            kit.startup();
            kit.waitForReadyBrokers();
            return new Broker(kit);
        } catch (Exception failed) {
            throw new IllegalStateException("no broker", failed);
        }
    }

    void close() throws Exception {
        kit.close();
    }

    KafkaOptions options() {
        return KafkaOptions.of(kit.bootstrapServers()).sendTimeout(Duration.ofSeconds(30));
    }

    /** A topic of its own. */
    String topic(String name, int partitions) throws Exception {
        String topic = name + "-" + UUID.randomUUID();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kit.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            // Answered by the leaders: a batch for a partition that is not there yet may wait for seconds.
            Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
            for (int i = 0; i < partitions; i++) {
                ends.put(new TopicPartition(topic, i), OffsetSpec.latest());
            }
            Mono.fromCallable(() -> admin.listOffsets(ends).all().get(30, TimeUnit.SECONDS))
                    .subscribeOn(Schedulers.boundedElastic())
                    .retryWhen(Retry.fixedDelay(200, Duration.ofMillis(50))
                            .filter(error -> error.getCause() instanceof UnknownTopicOrPartitionException))
                    .block(Duration.ofSeconds(30));
        }
        return topic;
    }

    /** So many records of a topic, from its beginning, or those that came in ten seconds. */
    List<ConsumerRecord<byte[], byte[]>> read(String topic, int count) {
        return read(kit.bootstrapServers(), topic, count);
    }

    static List<ConsumerRecord<byte[], byte[]>> read(String brokers, String topic, int count) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        config.put(ConsumerConfig.GROUP_ID_CONFIG, UUID.randomUUID().toString());
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(Set.of(topic));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (found.size() < count && System.nanoTime() - end < 0) {
                consumer.poll(Duration.ofMillis(100)).forEach(found::add);
            }
            consumer.poll(Duration.ofMillis(300)).forEach(found::add); // more than was wanted?
        }
        return found;
    }
}
