package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ServerEvent;
import io.msgtrans.reactive.ServerEvent.Kind;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.Groups;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

@ExtendWith(LeakCheck.class)
class ServerEventsTest {

    private final Queue<ServerEvent> events = new ConcurrentLinkedQueue<>();

    private void until(Kind... kinds) {
        TransportContract.until(
                "there were " + List.of(kinds),
                () -> events.stream().map(ServerEvent::kind).toList().containsAll(List.of(kinds)));
    }

    private static Session connect(BoundServer server) {
        return TransportClient.create(server.uri().toString()).connectNow();
    }

    @Test
    void whatHappensToAServerCanBeWatched() {
        Group all = Groups.create().group("all");
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .maxSessions(1)
                .group(all)
                .handle(session ->
                        session.receive().flatMap(packet -> Mono.<Void>error(new IllegalStateException("on purpose"))))
                .bindNow();
        server.events().subscribe(events::add);
        Session first = connect(server);
        until(Kind.OPENED);
        assertThat(all.size()).isEqualTo(1);
        Session second = connect(server);
        until(Kind.REFUSED);
        second.dispose();
        first.send(Packet.oneWay("x")).block(TransportContract.LIMIT);
        until(Kind.HANDLER_FAILED, Kind.CLOSED);
        ServerEvent failed = events.stream()
                .filter(event -> event.kind() == Kind.HANDLER_FAILED)
                .findFirst()
                .orElseThrow();
        assertThat(failed.error()).hasMessage("on purpose");
        ServerEvent closed = events.stream()
                .filter(event -> event.kind() == Kind.CLOSED)
                .findFirst()
                .orElseThrow();
        assertThat(closed.reason()).extracting(CloseReason::code).isEqualTo(1011);
        assertThat(all.size()).isZero();
        server.drain(TransportContract.LIMIT).block(TransportContract.LIMIT);
        until(Kind.DRAINING);
        first.dispose();
    }

    @Test
    void aSessionThatTakesNoMoreIsSlow() {
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> Mono.never())
                .bindNow();
        server.events().subscribe(events::add);
        Session client = connect(server);
        until(Kind.OPENED);
        Session accepted = server.sessions().iterator().next();
        TransportContract.until("it is slow", () -> {
            OfferResult result = OfferResult.ACCEPTED;
            while (result == OfferResult.ACCEPTED) {
                result = accepted.offer(Packet.oneWay(new byte[64 * 1024]));
            }
            return events.stream().anyMatch(event -> event.kind() == Kind.SLOW);
        });
        client.dispose();
        TransportContract.stop(server);
    }
}
