package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.OfferResult;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.tcp.PlainFraming;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WriteDelayTest {

    private static final int PACKET_BYTES = Packet.HEADER_BYTES + 1;

    private final Decoding session = new Decoding(
            new PlainFraming(1000),
            SessionOptions.DEFAULTS.writeDelay(Duration.ofMillis(5)).writeBatch(4),
            false);

    private void offer(int packets) {
        for (int i = 0; i < packets; i++) {
            assertThat(session.handler.session().offer(Packet.oneWay("x"))).isEqualTo(OfferResult.ACCEPTED);
        }
        session.channel.runPendingTasks();
    }

    private void pass(int millis) {
        session.channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        session.channel.runScheduledPendingTasks();
        session.channel.runPendingTasks();
    }

    /** Bytes written since the last look. */
    private int written() {
        int sum = 0;
        for (ByteBuf bytes = session.channel.readOutbound(); bytes != null; bytes = session.channel.readOutbound()) {
            sum += bytes.readableBytes();
            bytes.release();
        }
        return sum;
    }

    @AfterEach
    void end() {
        session.close();
    }

    @Test
    void packetsWaitForOthersAsLongAsTheDelay() {
        session.channel.freezeTime();
        offer(1);
        pass(3);
        offer(1);
        assertThat(written()).isZero();
        pass(3);
        assertThat(written()).isEqualTo(2 * PACKET_BYTES);
        offer(1);
        assertThat(written()).isZero();
        pass(5);
        assertThat(written()).isEqualTo(PACKET_BYTES);
    }

    @Test
    void aFullBatchWaitsForNothing() {
        session.channel.freezeTime();
        offer(5);
        assertThat(written()).isEqualTo(4 * PACKET_BYTES);
        pass(5);
        assertThat(written()).isEqualTo(PACKET_BYTES);
    }

    @Test
    void repliesToARequestWaitToo() {
        session.channel.freezeTime();
        Packet request = Packet.request("?").withMessageId(7);
        session.read(request.toBytes());
        assertThat(session.packets).hasSize(1);
        session.handler.session().reply(session.packets.get(0), "x").subscribe();
        session.channel.runPendingTasks();
        assertThat(written()).isZero();
        pass(5);
        assertThat(written()).isEqualTo(PACKET_BYTES);
    }

    @Test
    void aCloseWritesAtOnce() {
        session.channel.freezeTime();
        offer(1);
        session.handler.session().close().subscribe();
        session.channel.runPendingTasks();
        assertThat(written()).isEqualTo(PACKET_BYTES);
    }
}
