package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.group.SlowMembers;
import io.msgtrans.reactive.operator.Batches;
import io.msgtrans.reactive.operator.MpmcChannel;
import io.msgtrans.reactive.operator.Workers;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Code of the pages about the toolkit. */
class ToolkitDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    record Order(int number) {}

    record Reading(int number) {
        long bytes() {
            return 100;
        }
    }

    private static void until(BooleanSupplier condition) {
        Flux.interval(Duration.ofMillis(5))
                .filter(tick -> condition.getAsBoolean())
                .blockFirst(LIMIT);
    }

    @Test
    void channel() {
        List<Order> handled = new CopyOnWriteArrayList<>();
        Order order = new Order(1);
        Flux<Order> others = Flux.range(2, 9).map(Order::new);
        // docs: channel
        MpmcChannel<Order> orders = MpmcChannel.mpmc(4096);
        orders.receive(Schedulers.parallel()).subscribe(handled::add); // as often as you like: subscribers compete
        orders.offer(order); // ACCEPTED, FULL or CLOSED; any thread, never waits
        orders.send(order).subscribe(); // a Mono that waits for room
        orders.sendAll(others).subscribe(); // asks the publisher for what there is room for
        orders.close(); // what was accepted is still given out
        // docs: end
        until(() -> handled.size() >= 2);
    }

    @Test
    void batches() {
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        Flux<Reading> readings = Flux.range(0, 1200).map(Reading::new);
        Database database = batch -> Mono.fromRunnable(() -> sizes.add(batch.size()));
        // docs: batches
        Batches<Reading> batches =
                Batches.<Reading>ofItems(500).within(Duration.ofMillis(20)).weighing(Reading::bytes, 64_000);
        Flux<Void> stored = readings.transform(batches::of).concatMap(database::insertAll);
        // docs: end
        stored.blockLast(LIMIT);
        assertThat(sizes).containsExactly(500, 500, 200);
    }

    interface Database {
        Mono<Void> insertAll(List<Reading> batch);
    }

    @Test
    void groups() {
        String uri = "mem://" + UUID.randomUUID();
        Packet packet = Packet.oneWay("from the server");
        Flux<Packet> prices = Flux.just(Packet.oneWay("1"), Packet.oneWay("2"));
        // docs: groups
        Groups rooms = Groups.create(
                GroupOptions.DEFAULTS.slowMembers(SlowMembers.DROP_OLDEST).backlogPackets(256));
        TransportServer server = TransportServer.create().listen(uri).handle(session -> {
            rooms.group("lobby").join(session); // any transport, until the session ends
            return session.receive()
                    .concatMap(said -> rooms.group("lobby").broadcast(said, member -> member != session))
                    .then();
        });
        // docs: end
        BoundServer bound = server.bindNow();
        Session session = TransportClient.create(uri).connectNow();
        until(() -> rooms.group("lobby").size() == 1);
        // docs: groups-send
        rooms.group("lobby").offer(packet); // from anywhere; encoded once, its bytes shared by all members
        rooms.group("lobby").broadcast(prices).subscribe(); // a publisher, with backpressure
        // docs: end
        assertThat(session.receive()
                        .map(Packet::payloadText)
                        .take(3)
                        .collectList()
                        .block(LIMIT))
                .containsExactly("from the server", "1", "2");
        bound.dispose();
    }

    private static String lookUp(Packet packet) {
        return "found " + packet.payloadText();
    }

    @Test
    void workers() {
        String uri = "mem://" + UUID.randomUUID();
        // docs: workers
        Workers workers = Workers.of(16); // or ofVirtualThreads(1000) on JDK 21 and later
        TransportServer server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.send(session.receive()
                        .transform(workers.map(packet -> packet.response(lookUp(packet)))))); // may block
        // docs: end
        BoundServer bound = server.bindNow();
        Session session = TransportClient.create(uri).connectNow();
        assertThat(session.request(Packet.request("x")).map(Packet::payloadText).block(LIMIT))
                .isEqualTo("found x");
        bound.dispose();
        workers.dispose();
    }

    @Test
    void events() {
        List<String> log = new CopyOnWriteArrayList<>();
        String uri = "mem://" + UUID.randomUUID();
        BoundServer server = TransportServer.create()
                .listen(uri)
                .handle(session -> session.receive().then())
                .bindNow();
        // docs: events
        server.events().subscribe(event -> log.add(event.kind() + " " + event.remote())); // opened, closed, refused
        // docs: end
        TransportClient.create(uri).connectNow().dispose();
        until(() -> log.size() >= 2);
        server.dispose();
    }
}
