package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class BlockingTest {

    @Test
    void blockingAnEventLoopIsAnErrorInTheseTests() {
        Sinks.One<Throwable> seen = Sinks.one();
        BoundServer server = TransportServer.create()
                .listen("tcp://127.0.0.1:0")
                .handle(session -> session.receive()
                        .doOnNext(packet -> {
                            try {
                                boolean unused = new CountDownLatch(1).await(10, TimeUnit.MILLISECONDS);
                            } catch (InterruptedException | BlockingOperationError error) {
                                seen.tryEmitValue(error);
                            }
                        })
                        .then(Mono.never()))
                .bindNow();
        Session session = TransportClient.create(server.uri().toString()).connectNow();
        session.send(Packet.oneWay("block")).block(TransportContract.LIMIT);
        assertThat(seen.asMono().block(TransportContract.LIMIT)).isInstanceOf(BlockingOperationError.class);
        TransportContract.stop(server);
    }
}
