package io.msgtrans.reactive.wire;

import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PayloadException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.Deflater;
import java.util.zip.InflaterInputStream;

/**
 * Compresses and inflates payloads: zlib at level 6 and zstd at level 3, the levels of the Rust peers.
 *
 * <p>Inflating is bounded in size and, beyond {@link #RATIO_FREE_BYTES} of output, in ratio; both bounds hold while
 * inflating, so a bomb costs at most what the bound allows.
 */
public final class PayloadCodec {

    /** Output up to which no ratio is enforced: short runs of equal bytes compress to almost nothing. */
    public static final int RATIO_FREE_BYTES = 1 << 20;

    private static final int ZLIB_LEVEL = 6;
    private static final int STEP_BYTES = 8 * 1024;
    private static final boolean ZSTD_AVAILABLE = loadZstd();

    private PayloadCodec() {}

    /** Whether the codec can be used here; zstd needs {@code com.github.luben:zstd-jni}. */
    public static boolean isAvailable(Compression compression) {
        return compression != Compression.ZSTD || ZSTD_AVAILABLE;
    }

    /** A payload compressed as asked; never marked as what was not done. */
    public static byte[] compress(Compression compression, byte[] payload) {
        requireAvailable(compression);
        return switch (compression) {
            case NONE -> payload;
            case ZSTD -> Zstandard.compress(payload);
            case ZLIB -> deflate(payload);
        };
    }

    /**
     * The packet with its payload inflated and its compression set to none.
     *
     * @param maxBytes largest output, inclusive
     * @param maxRatio largest output per byte of input, beyond {@link #RATIO_FREE_BYTES} of output
     * @throws PayloadException when the payload is broken, incomplete, followed by other bytes, or above a bound
     */
    public static Packet inflate(Packet packet, int maxBytes, int maxRatio) {
        Compression compression = packet.compression();
        if (compression == Compression.NONE) {
            return packet;
        }
        requireAvailable(compression);
        byte[] input = packet.payload();
        ByteArrayInputStream source = new ByteArrayInputStream(input);
        try (InputStream inflating =
                compression == Compression.ZLIB ? new InflaterInputStream(source) : Zstandard.inflating(source)) {
            return packet.withPayload(
                    inflate(compression, inflating, input.length, maxBytes, maxRatio), Compression.NONE);
        } catch (IOException broken) {
            throw new PayloadException(
                    compression, compression + " payload of " + input.length + " bytes does not inflate", broken);
        }
    }

    private static byte[] inflate(
            Compression compression, InputStream inflating, int inputBytes, int maxBytes, int maxRatio)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.min(maxBytes, Math.max(64, inputBytes * 2)));
        byte[] step = new byte[STEP_BYTES];
        for (int n = inflating.read(step); n >= 0; n = inflating.read(step)) {
            if (out.size() + (long) n > maxBytes) {
                throw new PayloadException(
                        compression,
                        compression + " payload inflates beyond the limit " + maxBytes + " (option maxInflated)",
                        null);
            }
            out.write(step, 0, n);
            if (out.size() > RATIO_FREE_BYTES && out.size() / (long) inputBytes > maxRatio) {
                throw new PayloadException(
                        compression,
                        compression + " payload inflates beyond " + maxRatio + " times its " + inputBytes
                                + " bytes (option maxInflateRatio)",
                        null);
            }
        }
        return out.toByteArray();
    }

    private static byte[] deflate(byte[] payload) {
        Deflater deflater = new Deflater(ZLIB_LEVEL);
        try {
            deflater.setInput(payload);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream(Math.max(64, payload.length / 2));
            byte[] step = new byte[STEP_BYTES];
            while (!deflater.finished()) {
                out.write(step, 0, deflater.deflate(step));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static boolean loadZstd() {
        try {
            return Zstandard.load();
        } catch (LinkageError missing) {
            return false;
        }
    }

    private static void requireAvailable(Compression compression) {
        if (!isAvailable(compression)) {
            throw new PayloadException(compression, "zstd needs com.github.luben:zstd-jni on the class path", null);
        }
    }
}
