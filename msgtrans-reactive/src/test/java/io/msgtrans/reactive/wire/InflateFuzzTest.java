package io.msgtrans.reactive.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PayloadException;

/** Any payload that claims to be compressed. */
class InflateFuzzTest {

    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_RATIO = 500;

    @FuzzTest(maxDuration = "5s")
    void itInflatesWithinTheLimitsOrIsRefused(byte[] data) {
        for (Compression compression : new Compression[] {Compression.ZLIB, Compression.ZSTD}) {
            Packet packet =
                    Packet.builder(PacketType.ONE_WAY).payload(data).build().withPayload(data, compression);
            try {
                assertThat(PayloadCodec.inflate(packet, MAX_BYTES, MAX_RATIO).payloadLength())
                        .isLessThanOrEqualTo(MAX_BYTES);
            } catch (PayloadException refused) {
                assertThat(refused.compression()).isEqualTo(compression);
            }
        }
    }
}
