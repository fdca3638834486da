package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.RequestTimeoutException;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.test.RawServer;
import io.msgtrans.reactive.test.Seed;
import io.msgtrans.reactive.test.SessionFaults;
import io.msgtrans.reactive.test.TestClock;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** The code of the page on testing. */
class TestingDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    // docs: clock
    @Test
    void silentSessionsAreClosedAfterTenMinutes() {
        try (TestClock clock = TestClock.create()) {
            BoundServer server = TransportServer.create()
                    .runOn(clock.loops())
                    .listen("mem://orders")
                    .session(options -> options.idleTimeout(Duration.ofMinutes(10)))
                    .handle(session -> session.receive().then())
                    .bindNow();
            Session session = TransportClient.create("mem://orders").connectNow();
            Mono<CloseReason> closed = session.onClose().cache();
            clock.advance(Duration.ofMinutes(11));
            assertThat(closed.block(LIMIT).kind()).isEqualTo(CloseReason.Kind.PEER);
            server.dispose();
        }
    }
    // docs: end

    // docs: faults
    @Test
    void aLostAnswerIsATimeOut(@Seed long seed) {
        BoundServer server = TransportServer.create()
                .listen("mem://prices")
                .handle(session -> session.send(session.receive().map(request -> request.response("42"))))
                .bindNow();
        Session session = TransportClient.create("mem://prices").connectNow();
        SessionFaults faults =
                SessionFaults.on(session, seed).delay(Duration.ofMillis(5)).split(3);
        assertThat(session.request(Packet.request("EUR")).block(LIMIT).payloadText())
                .isEqualTo("42");

        faults.cut(true); // nothing arrives, and nobody is told
        assertThatThrownBy(() -> session.request(Packet.request("EUR"), Duration.ofMillis(100))
                        .block(LIMIT))
                .isInstanceOf(RequestTimeoutException.class);
        faults.cut(false);
        assertThat(session.request(Packet.request("EUR")).block(LIMIT)).isNotNull();
        server.dispose();
    }
    // docs: end

    // docs: raw
    @Test
    void garbageIsATypedError() throws IOException {
        try (RawServer server = RawServer.tcp(peer -> {
            peer.sendHex("09".repeat(16)); // version 9
            peer.isClosedByPeer();
        })) {
            Session session = TransportClient.create(server.uri().toString()).connectNow();
            assertThatThrownBy(() -> session.receive().blockFirst(LIMIT)).isInstanceOf(ProtocolException.class);
        }
    }
    // docs: end
}
