package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.netty.channel.epoll.Epoll;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;

/** How much goes to a peer that does not read: option {@code unsentBytes}. */
@ExtendWith(LeakCheck.class)
class UnsentBytesTest {

    /** Bytes that one side has written when the connection takes no more. */
    private static long written(int unsentBytes, boolean byServer) {
        byte[] payload = new byte[1024];
        CompletableFuture<Session> accepted = new CompletableFuture<>();
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0", options -> options.unsentBytes(unsentBytes))
                .handle(session -> {
                    accepted.complete(session);
                    return Flux.never(); // and nobody reads
                })
                .bindNow();
        Session client = TransportClient.create(server.uri().toString())
                .endpoint(options -> options.unsentBytes(unsentBytes))
                .connectNow();
        Session sender = byServer ? accepted.join() : client;
        sender.send(Flux.generate(sink -> sink.next(Packet.oneWay(payload))))
                .onErrorComplete()
                .subscribe();
        TransportContract.settled("it takes no more", () -> sender.stats().bytesSent());
        long written = sender.stats().bytesSent();
        client.dispose();
        TransportContract.stop(server);
        return written;
    }

    @Test
    void theLessMayBeUnsentTheSoonerAPeerThatDoesNotReadStopsUs() {
        assumeTrue(Epoll.isAvailable());
        for (boolean byServer : new boolean[] {true, false}) {
            long limited = written(64 * 1024, byServer);
            long unlimited = written(0, byServer);
            assertThat(limited).as("by the server: " + byServer).isPositive().isLessThan(unlimited / 2);
        }
    }
}
