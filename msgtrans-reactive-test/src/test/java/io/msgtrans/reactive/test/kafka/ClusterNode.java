package io.msgtrans.reactive.test.kafka;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Codec;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Route;
import io.msgtrans.reactive.Router;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.kafka.KafkaCluster;
import io.msgtrans.reactive.kafka.KafkaOptions;
import java.time.Duration;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** One node of the cluster: its members are all in the lobby. Started with the brokers' address and its name. */
final class ClusterNode {

    static final int ENTER = 1;
    static final int SAY = 2;
    static final int SEND = 3;
    static final int WHERE = 4;
    static final int BROADCASTS = 5;
    static final String READY = "READY ";

    private ClusterNode() {}

    public static void main(String[] arguments) {
        Groups rooms = Groups.create();
        KafkaCluster cluster = Objects.requireNonNull(KafkaCluster.join(
                        KafkaOptions.of(arguments[0]).sendTimeout(Duration.ofSeconds(20)), "game", arguments[1], rooms)
                .block(Duration.ofSeconds(60)));
        Router router = Router.create()
                .onRequest(Route.bizType(ENTER), Codec.TEXT, Codec.TEXT, (session, name) -> {
                    rooms.group("lobby").join(session);
                    return cluster.enter(name, session).thenReturn("welcome");
                })
                .onRequest(
                        Route.bizType(SAY),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, text) ->
                                cluster.broadcast("lobby", Packet.oneWay(text)).thenReturn("said"))
                .onRequest(Route.bizType(SEND), Codec.TEXT, Codec.TEXT, (session, text) -> {
                    String[] parts = text.split(":", 2);
                    return cluster.send(parts[0], Packet.oneWay(parts[1])).map(String::valueOf);
                })
                .onRequest(
                        Route.bizType(WHERE),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, name) -> Mono.just(String.valueOf(cluster.nodeOf(name))))
                .onRequest(
                        Route.bizType(BROADCASTS),
                        Codec.TEXT,
                        Codec.TEXT,
                        (session, nothing) ->
                                Mono.just(Long.toString(cluster.broadcastStats().completed())));
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .session(options -> options.requestTimeout(Duration.ofSeconds(60)))
                .handle(router::handle)
                .bindNow();
        System.out.println(READY + server.uri());
        server.onDispose().block();
    }
}
