package io.msgtrans.reactive.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PayloadException;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PayloadCodecTest {

    private static final int MAX_BYTES = 16 << 20;

    @ParameterizedTest
    @EnumSource
    void inflatesWhatItCompressed(Compression compression) {
        for (int length : new int[] {0, 1, 1_000, 300_000}) {
            byte[] payload = new byte[length];
            new Random(length).nextBytes(payload);
            Packet packet = packet(compression, PayloadCodec.compress(compression, payload));
            Packet inflated = PayloadCodec.inflate(packet, MAX_BYTES, 1000);
            assertThat(inflated.payload()).isEqualTo(payload);
            assertThat(inflated.compression()).isEqualTo(Compression.NONE);
            assertThat(inflated.bizType()).isEqualTo(7);
            assertThat(inflated.extHeaderText()).isEqualTo("ext");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ZSTD", "ZLIB"})
    void inflatesToTheLimitAndNotBeyond(Compression compression) {
        Packet exact = packet(compression, PayloadCodec.compress(compression, new byte[MAX_BYTES]));
        assertThat(PayloadCodec.inflate(exact, MAX_BYTES, Integer.MAX_VALUE).payloadLength())
                .isEqualTo(MAX_BYTES);
        Packet bomb = packet(compression, PayloadCodec.compress(compression, new byte[17 << 20]));
        assertThatThrownBy(() -> PayloadCodec.inflate(bomb, MAX_BYTES, Integer.MAX_VALUE))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining(Integer.toString(MAX_BYTES))
                .hasMessageContaining("maxInflated");
    }

    @ParameterizedTest
    @EnumSource(names = {"ZSTD", "ZLIB"})
    void refusesAHighRatioBelowTheLimit(Compression compression) {
        Packet bomb = packet(compression, PayloadCodec.compress(compression, new byte[8 << 20]));
        assertThatThrownBy(() -> PayloadCodec.inflate(bomb, MAX_BYTES, 100))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("100")
                .hasMessageContaining("maxInflateRatio");
    }

    @ParameterizedTest
    @EnumSource(names = {"ZSTD", "ZLIB"})
    void refusesAPayloadThatIsCutAtAnyByte(Compression compression) {
        byte[] whole =
                PayloadCodec.compress(compression, "a text that is long enough".getBytes(StandardCharsets.UTF_8));
        for (int length = 1; length < whole.length; length++) {
            Packet cut = packet(compression, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> PayloadCodec.inflate(cut, MAX_BYTES, 1000))
                    .as("%d of %d bytes", length, whole.length)
                    .isInstanceOf(PayloadException.class)
                    .hasMessageContaining(compression.toString());
        }
    }

    @Test
    void worksWithoutTheOptionalZstd() throws Exception {
        try (URLClassLoader withoutZstd = classPathWithout("zstd-jni")) {
            Class<?> codec = withoutZstd.loadClass(PayloadCodec.class.getName());
            Class<?> compressions = withoutZstd.loadClass(Compression.class.getName());
            Object zstd = compressions.getMethod("valueOf", String.class).invoke(null, "ZSTD");
            Object zlib = compressions.getMethod("valueOf", String.class).invoke(null, "ZLIB");
            var isAvailable = codec.getMethod("isAvailable", compressions);
            var compress = codec.getMethod("compress", compressions, byte[].class);
            assertThat(isAvailable.invoke(null, zstd)).isEqualTo(false);
            assertThat(isAvailable.invoke(null, zlib)).isEqualTo(true);
            assertThatCode(() -> compress.invoke(null, zlib, new byte[10])).doesNotThrowAnyException();
            assertThatThrownBy(() -> compress.invoke(null, zstd, new byte[10]))
                    .hasRootCauseMessage("zstd needs com.github.luben:zstd-jni on the class path");
        }
    }

    private static URLClassLoader classPathWithout(String library) throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.contains(library)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
        }
        return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    private static Packet packet(Compression compression, byte[] compressed) {
        return Packet.builder(PacketType.ONE_WAY)
                .bizType(7)
                .extHeader("ext")
                .build()
                .withPayload(compressed, compression);
    }
}
