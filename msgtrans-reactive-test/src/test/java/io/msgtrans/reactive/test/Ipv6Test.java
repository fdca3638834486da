package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class Ipv6Test {

    private static boolean isThere() {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getAllByName("::1")[0])) {
            return probe.isBound();
        } catch (IOException none) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "ws"})
    void addressesOfVersionSixAreBoundNamedAndConnectedTo(String scheme) {
        assumeTrue(isThere(), "no IPv6 on this machine");
        BoundServer server = TransportServer.create()
                .listen(scheme + "://[::1]:0")
                .handle(TransportContract::echo)
                .bindNow();
        assertThat(server.uri().getHost()).isEqualTo("[::1]");
        assertThat(server.uri().getPort()).isPositive();
        Session session = TransportClient.create(server.uri().toString()).connectNow();
        assertThat(session.request(Packet.request("?")).block(TransportContract.LIMIT))
                .isNotNull();
        session.dispose();
        TransportContract.stop(server);
    }
}
