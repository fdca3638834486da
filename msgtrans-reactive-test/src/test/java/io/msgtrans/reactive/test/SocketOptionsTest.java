package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.netty.channel.Channel;
import io.netty.channel.epoll.Epoll;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

/** Options of sockets, by what they do. */
@ExtendWith(LeakCheck.class)
class SocketOptionsTest {

    /** Else the peer's buffer grows, which hides ours. */
    private static final int RECEIVE_BYTES = 64 * 1024;

    /** Bytes that one side has written when the connection takes no more. */
    private static long written(int unsentBytes, boolean byServer) {
        byte[] payload = new byte[1024];
        CompletableFuture<Session> accepted = new CompletableFuture<>();
        BoundServer server = TransportServer.create()
                .listen(
                        "tcp://127.0.0.1:0",
                        options -> options.unsentBytes(unsentBytes).socketBuffers(0, RECEIVE_BYTES))
                .handle(session -> {
                    accepted.complete(session);
                    return Flux.never(); // and nobody reads
                })
                .bindNow();
        Session client = TransportClient.create(server.uri().toString())
                .endpoint(options -> options.unsentBytes(unsentBytes).socketBuffers(0, RECEIVE_BYTES))
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

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "tcps", "ws", "wss"})
    void noReadIsLargerThanTheOptionThoughAHandshakeWasReadBefore(String scheme) throws Exception {
        boolean secure = scheme.endsWith("s") && !scheme.equals("ws");
        TestCertificate made = TestCertificate.selfSigned("localhost");
        CompletableFuture<Session> accepted = new CompletableFuture<>();
        BoundServer server = TransportServer.create()
                .listen(
                        scheme + "://127.0.0.1:0",
                        options -> secure ? options.certificate(made.chain(), made.key()) : options)
                .session(options -> options.readBytes(1024, 1024))
                .handle(session -> {
                    accepted.complete(session);
                    return TransportContract.echo(session);
                })
                .bindNow();
        Session client = TransportClient.create(server.uri().toString())
                .endpoint(options -> secure ? options.trustAllInsecurely() : options)
                .session(options -> options.readBytes(2048, 2048))
                .connectNow();
        assertThat(client.request(Packet.request(new byte[100_000])).block(TransportContract.LIMIT))
                .isNotNull();
        assertThat(nextRead(accepted.join())).isEqualTo(1024);
        assertThat(nextRead(client)).isEqualTo(2048);
        client.dispose();
        TransportContract.stop(server);
    }

    private static int nextRead(Session session) throws Exception {
        Channel channel = Objects.requireNonNull(session.transport(Channel.class));
        return channel.eventLoop()
                .submit(() -> channel.unsafe().recvBufAllocHandle().guess())
                .get(10, TimeUnit.SECONDS);
    }
}
