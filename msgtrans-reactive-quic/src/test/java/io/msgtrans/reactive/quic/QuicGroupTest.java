package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.group.BroadcastResult;
import io.msgtrans.reactive.group.Group;
import io.msgtrans.reactive.group.GroupOptions;
import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.group.SlowMembers;
import io.msgtrans.reactive.test.LeakCheck;
import io.msgtrans.reactive.test.TestCertificate;
import io.msgtrans.reactive.test.TransportContract;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;

/** Members over QUIC and TCP in one group. */
@ExtendWith(LeakCheck.class)
class QuicGroupTest {

    private static final TestCertificate LOCALHOST = QuicContractTest.LOCALHOST;

    @Test
    void membersOverQuicAndTcpGetEverythingInOrderAtThePaceOfTheSlowest() {
        Group all = Groups.create(
                        GroupOptions.DEFAULTS.slowMembers(SlowMembers.WAIT).backlogPackets(64))
                .group("all");
        BoundServer server = TransportServer.create()
                .listen("quic://localhost:0", o -> o.certificate(LOCALHOST.chain(), LOCALHOST.key()))
                .listen("tcp://127.0.0.1:0")
                .group(all)
                .bindNow();
        List<Session> clients = IntStream.range(0, 6)
                .mapToObj(i -> TransportClient.create(server.uris().get(i % 2).toString())
                        .endpoint(o -> i % 2 == 0 ? o.trust(LOCALHOST.chain()) : o)
                        .connectNow())
                .toList();
        List<Queue<Integer>> received =
                clients.stream().map(QuicGroupTest::reader).toList();
        TransportContract.until("all have joined", () -> all.size() == 6);
        int count = 20_000;
        BroadcastResult result = all.broadcast(Flux.range(0, count).map(i -> Packet.oneWay("" + i)))
                .block(TransportContract.LIMIT);
        assertThat(result).isEqualTo(new BroadcastResult(6L * count, 0, 0));
        List<Integer> expected = IntStream.range(0, count).boxed().toList();
        for (Queue<Integer> one : received) {
            TransportContract.until("all have arrived", () -> one.size() == count);
            assertThat(List.copyOf(one)).isEqualTo(expected);
        }
        clients.forEach(Session::dispose);
        TransportContract.until("nobody is left", () -> all.size() == 0);
        TransportContract.stop(server);
    }

    private static Queue<Integer> reader(Session client) {
        Queue<Integer> received = new ConcurrentLinkedQueue<>();
        client.receive()
                .limitRate(100)
                .map(packet -> Integer.parseInt(packet.payloadText()))
                .onErrorComplete()
                .subscribe(received::add);
        return received;
    }
}
