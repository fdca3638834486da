package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.FrameSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Any bytes on a QUIC stream. */
class QuicFramingFuzzTest {

    private static final class Packets implements FrameSink {
        private int count;

        @Override
        public void packet(ByteBuf in, int index) {
            assertThat(in.readableBytes() - index).isGreaterThanOrEqualTo(16);
            count++;
        }

        @Override
        public void packet(Packet packet) {
            count++;
        }

        @Override
        public void answer(ByteBuf frame) {
            frame.release();
        }

        @Override
        public void peerCloses(CloseReason reason, ByteBuf answer) {
            answer.release();
        }

        @Override
        public void pong(long token) {
            count++;
        }

        @Override
        public void ignored() {
            count++;
        }
    }

    @FuzzTest(maxDuration = "5s")
    void anyBytesAreFramesOrRefused(byte[] data) {
        for (boolean extended : new boolean[] {false, true}) {
            QuicFraming framing = new QuicFraming(SessionOptions.DEFAULTS, extended, 0);
            ByteBuf in = Unpooled.wrappedBuffer(data);
            Packets packets = new Packets();
            try {
                for (int index = 0; index < data.length; ) {
                    int length = framing.frameLength(in, index, data.length - index);
                    if (length < 0 || length > data.length - index) {
                        break;
                    }
                    assertThat(length).isPositive();
                    framing.frame(in, index, length, packets);
                    index += length;
                }
            } catch (ProtocolException refused) {
                assertThat(refused.getMessage()).isNotBlank();
            }
            assertThat(packets.count).isLessThanOrEqualTo(data.length / 16);
        }
    }
}
