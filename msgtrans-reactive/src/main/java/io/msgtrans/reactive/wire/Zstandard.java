package io.msgtrans.reactive.wire;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;

/** All that touches the optional {@code zstd-jni}; where that is missing this class does not load. */
final class Zstandard {

    private static final int LEVEL = 3;

    private Zstandard() {}

    /** Loads the native part; a {@link LinkageError} says that it or the whole library is missing. */
    static boolean load() {
        return Zstd.compressBound(1) > 0;
    }

    static byte[] compress(byte[] payload) {
        return Zstd.compress(payload, LEVEL);
    }

    static InputStream inflating(InputStream source) throws IOException {
        return new ZstdInputStream(source);
    }
}
