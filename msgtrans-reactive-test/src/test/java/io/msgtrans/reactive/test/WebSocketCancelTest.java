package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;

/** A connect that is given up at the moment when the upgrade is answered; that it leaves no buffer is seen by {@link LeakCheck}. */
@ExtendWith(LeakCheck.class)
class WebSocketCancelTest {

    private final CountDownLatch upgrading = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);
    private final CountDownLatch answered = new CountDownLatch(1);
    private final CountDownLatch gone = new CountDownLatch(1);

    /** Holds the event loop without a call that may block; one after the other. */
    private volatile boolean taskHeld = true;

    private volatile boolean readHeld = true;
    private final CountDownLatch inTask = new CountDownLatch(1);
    private final CountDownLatch inRead = new CountDownLatch(1);

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(TransportContract.LIMIT.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Answers the upgrade when told to, with a packet right behind it. */
    private void upgrade(RawPeer peer) throws IOException {
        String key = peer.readHead()
                .lines()
                .filter(line -> line.regionMatches(true, 0, "sec-websocket-key:", 0, 18))
                .map(line -> line.substring(18).strip())
                .findFirst()
                .orElseThrow();
        upgrading.countDown();
        await(answer);
        peer.send(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + RawServer.accept(key) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        peer.sendUnmasked(0x82, Packet.oneWay("early").toBytes());
        answered.countDown();
        peer.isClosedByPeer();
        gone.countDown();
    }

    // One event loop reads two connections in one turn: the first one's subscriber holds it until the connect is
    // cancelled, the second one has the answer and the packet. The close that follows the cancel is a task, and comes
    // behind the turn.
    @Test
    void aPacketThatComesWithTheAnswerIsReleased() throws IOException {
        CountDownLatch sendFirst = new CountDownLatch(1);
        CountDownLatch sentFirst = new CountDownLatch(1);
        EventLoops loops = EventLoops.create(EventLoopOptions.DEFAULTS.threads(1));
        EventLoop loop = loops.onClient(true).next();
        try (RawServer first = RawServer.tcp(peer -> {
                    await(sendFirst);
                    peer.send(Packet.oneWay("x").toBytes());
                    sentFirst.countDown();
                    peer.isClosedByPeer();
                });
                RawServer second = RawServer.tcp(this::upgrade)) {
            Session session =
                    TransportClient.create(first.uri().toString()).runOn(loops).connectNow();
            session.receive().subscribe(packet -> {
                inRead.countDown();
                while (readHeld) {}
            });
            URI uri = second.uri();
            Disposable connecting = TransportClient.create("ws://127.0.0.1:" + uri.getPort())
                    .runOn(loops)
                    .connect()
                    .subscribe(Session::dispose); // when the answer was read first, which the kernel may do
            await(upgrading);
            loop.execute(() -> {
                inTask.countDown();
                while (taskHeld) {}
            });
            await(inTask);
            sendFirst.countDown();
            await(sentFirst);
            answer.countDown();
            await(answered);
            taskHeld = false;
            await(inRead);
            connecting.dispose();
            readHeld = false;
            await(gone);
            session.dispose();
        } finally {
            taskHeld = false;
            readHeld = false;
            loops.disposeLater().block(TransportContract.LIMIT);
        }
    }
}
