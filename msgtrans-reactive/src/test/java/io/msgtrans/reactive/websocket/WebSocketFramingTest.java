package io.msgtrans.reactive.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.SessionOptions;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What this side writes, read by Netty's decoder. */
class WebSocketFramingTest {

    private static final int MAX_BYTES = 1 << 20;

    @ParameterizedTest
    @CsvSource({
        "16, false", "125, false", "126, false", "65535, false", "65536, false", "200001, false",
        "16, true", "125, true", "126, true", "65535, true", "65536, true", "200001, true",
    })
    void framesOfEveryLengthFormAreReadByAnotherDecoder(int length, boolean client) {
        byte[] packet = new byte[length];
        new Random(length).nextBytes(packet);
        WebSocketFraming framing = new WebSocketFraming(client, SessionOptions.DEFAULTS, TextMessages.REJECT);
        int start = 3; // frames begin anywhere in a batch
        int prefix = framing.prefixLength(length);
        ByteBuffer out = ByteBuffer.allocateDirect(start + prefix + length);
        framing.writePrefix(out, start, length);
        out.put(start + prefix, packet);
        framing.finish(out, start, start + prefix, length);

        EmbeddedChannel decoder = new EmbeddedChannel(new WebSocket13FrameDecoder(client, false, MAX_BYTES));
        decoder.writeInbound(Unpooled.wrappedBuffer(out.position(start)));
        BinaryWebSocketFrame frame = decoder.readInbound();
        assertThat(ByteBufUtil.getBytes(frame.content())).isEqualTo(packet);
        frame.release();
        assertThat(decoder.finish()).isFalse();
    }
}
