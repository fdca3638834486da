package io.msgtrans.reactive.test.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Three server processes that act as one over a broker process; a server is killed, then the broker. */
class KafkaProcessesTest {

    private static final Duration LIMIT = Duration.ofSeconds(90);

    @TempDir
    Path folder = Path.of(".");

    private static void until(String what, BooleanSupplier condition) {
        Boolean met = Flux.interval(Duration.ofMillis(50), Schedulers.boundedElastic())
                .onBackpressureDrop()
                .map(tick -> condition.getAsBoolean())
                .filter(yes -> yes)
                .blockFirst(LIMIT);
        assertThat(met).as(what).isTrue();
    }

    /** A server process and one client of it. */
    private final class Node implements AutoCloseable {
        final String name;
        final List<String> heard = new CopyOnWriteArrayList<>();
        final JavaProcess process;
        final Session client;

        Node(String brokers, String name, int start) throws IOException, InterruptedException {
            this.name = name;
            this.process = JavaProcess.start(
                    folder.resolve(name + "-" + start + ".log"), ClusterNode.class.getName(), brokers, name);
            String uri = process.awaitLine(ClusterNode.READY);
            this.client = TransportClient.create(uri)
                    .endpoint(options -> options.extensions(Extensions.ON))
                    .session(options -> options.requestTimeout(Duration.ofSeconds(60)))
                    .connectNow();
            client.receive().map(Packet::payloadText).subscribe(heard::add, error -> {});
            assertThat(ask(ClusterNode.ENTER, "user-of-" + name)).isEqualTo("welcome");
        }

        Mono<String> request(int bizType, String text) {
            return client.request(Packet.builder(PacketType.REQUEST)
                            .bizType(bizType)
                            .payload(text)
                            .build())
                    .map(Packet::payloadText);
        }

        String ask(int bizType, String text) {
            return String.valueOf(request(bizType, text).block(LIMIT));
        }

        @Override
        public void close() {
            client.dispose();
            process.close();
        }
    }

    @Test
    void nothingThatWasAcknowledgedIsLostWhenANodeOrTheBrokerDies() throws Exception {
        try (BrokerProcess broker = new BrokerProcess(folder);
                Node one = new Node(broker.address(), "one", 1);
                Node two = new Node(broker.address(), "two", 1);
                Node three = new Node(broker.address(), "three", 1)) {
            broadcastsAndPackets(one, two, three);
            aNodeDiesAndComesBack(broker, one, two, three);
            theBrokerDiesAndComesBack(broker, one, three);
        }
    }

    private static void broadcastsAndPackets(Node one, Node two, Node three) {
        for (int i = 0; i < 10; i++) {
            assertThat((i % 2 == 0 ? one : two).ask(ClusterNode.SAY, "a" + i)).isEqualTo("said");
        }
        List<String> said = IntStream.range(0, 10).mapToObj(i -> "a" + i).toList();
        for (Node node : List.of(one, two, three)) {
            until(node.name + " heard all", () -> node.heard.size() >= 10);
            assertThat(node.heard).as(node.name).isEqualTo(said);
        }
        until(
                "presence is known",
                () -> one.ask(ClusterNode.WHERE, "user-of-three").equals("three"));
        assertThat(one.ask(ClusterNode.SEND, "user-of-three:hello")).isEqualTo("true");
        until("the packet came", () -> three.heard.contains("hello"));
    }

    private void aNodeDiesAndComesBack(BrokerProcess broker, Node one, Node two, Node three) throws Exception {
        two.process.kill();
        for (int i = 0; i < 10; i++) {
            assertThat(one.ask(ClusterNode.SAY, "b" + i)).isEqualTo("said");
        }
        List<String> said = IntStream.range(0, 10).mapToObj(i -> "b" + i).toList();
        for (Node node : List.of(one, three)) {
            until(node.name + " heard all", () -> node.heard.containsAll(said));
            assertThat(node.heard).as(node.name).doesNotHaveDuplicates();
        }
        until(
                "the dead node's name is nowhere",
                () -> one.ask(ClusterNode.WHERE, "user-of-two").equals("null"));
        assertThat(one.ask(ClusterNode.SEND, "user-of-two:late")).isEqualTo("false");
        try (Node again = new Node(broker.address(), "two", 2)) {
            until("it handled what it had missed", () -> Integer.parseInt(again.ask(ClusterNode.BROADCASTS, "")) >= 10);
            until(
                    "its name is known again",
                    () -> one.ask(ClusterNode.WHERE, "user-of-two").equals("two"));
            assertThat(one.ask(ClusterNode.SAY, "b-last")).isEqualTo("said");
            until("it hears", () -> again.heard.contains("b-last"));
        }
    }

    private static void theBrokerDiesAndComesBack(BrokerProcess broker, Node one, Node three) throws Exception {
        int count = 400;
        Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        List<String> failed = new CopyOnWriteArrayList<>();
        Mono<Void> saying = Flux.range(0, count)
                .delayElements(Duration.ofMillis(5))
                .flatMap(
                        i -> one.request(ClusterNode.SAY, "c" + i)
                                .doOnNext(answer -> acknowledged.add("c" + i))
                                .onErrorResume(error -> {
                                    failed.add("c" + i + ": " + error);
                                    return Mono.empty();
                                }),
                        count)
                .then()
                .cache();
        saying.subscribe();
        until("some are under way", () -> acknowledged.size() > 100);
        broker.kill();
        broker.start();
        saying.block(LIMIT);
        assertThat(acknowledged).as("failed: " + failed).hasSize(count);
        for (Node node : List.of(one, three)) {
            until(node.name + " heard all that was acknowledged", () -> node.heard.containsAll(acknowledged));
            List<String> heard = new ArrayList<>(node.heard);
            heard.removeIf(text -> !text.startsWith("c"));
            assertThat(heard).as(node.name).hasSize(new HashSet<>(heard).size());
            assertThat(heard)
                    .as("in the order in which " + node.name + " heard them")
                    .isEqualTo(heardInOrder(one, node));
        }
        assertThat(one.ask(ClusterNode.SEND, "user-of-three:still here")).isEqualTo("true");
        until("packets go on", () -> three.heard.contains("still here"));
    }

    /** All members hear those of a key in the same order: what the other one heard, as far as it began with c. */
    private static List<String> heardInOrder(Node reference, Node node) {
        List<String> order = new ArrayList<>(reference.heard);
        order.removeIf(text -> !text.startsWith("c") || !node.heard.contains(text));
        return order;
    }
}
