package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.Workload;
import io.msgtrans.reactive.tcp.PlainFraming;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a workload sets reaches the parts of a session. */
class WorkloadTest {

    @ParameterizedTest
    @CsvSource({
        "SMALL_MESSAGES, 4096, 256, 1048576",
        "LARGE_MESSAGES, 65536, 64, 8388608",
        "MANY_SESSIONS, 512, 64, 65536"
    })
    void valuesReachTheParts(Workload workload, int firstRead, int waiting, int outboundBytes) {
        SessionOptions options = SessionOptions.DEFAULTS.workload(workload);
        SessionHandler handler = new SessionHandler(
                () -> 1,
                "tcp",
                options,
                new PlainFraming(1 << 20),
                Role.client(false),
                null,
                (session, connection) -> {});
        EmbeddedChannel channel = new EmbeddedChannel(handler);
        Session session = handler.session();
        assertThat(channel.config().getRecvByteBufAllocator().newHandle().guess())
                .isEqualTo(firstRead);
        assertThat(channel.config().getWriteBufferHighWaterMark()).isEqualTo(Math.min(outboundBytes, 256 * 1024));
        byte[] packet = Packet.oneWay("x").toBytes();
        for (int i = 0; i < 300; i++) {
            channel.writeInbound(Unpooled.wrappedBuffer(packet));
        }
        assertThat(session.stats().waitingPackets()).isEqualTo(waiting);
        assertThat(session.stats().stalled()).isEqualTo(1);
        session.dispose();
        channel.finishAndReleaseAll();
    }

    @Test
    void theDefaultsAreThoseOfSmallMessages() {
        SessionOptions small = SessionOptions.DEFAULTS.workload(Workload.SMALL_MESSAGES);
        assertThat(small.inboundBytes()).isEqualTo(SessionOptions.DEFAULTS.inboundBytes());
        assertThat(small.largestReadBytes()).isEqualTo(SessionOptions.DEFAULTS.largestReadBytes());
        assertThat(small.outboundPackets()).isEqualTo(SessionOptions.DEFAULTS.outboundPackets());
        assertThat(small.streamBytes()).isEqualTo(SessionOptions.DEFAULTS.streamBytes());
        assertThatThrownBy(() -> small.readBytes(4096, 1024))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("readBytes, largest");
    }
}
