package io.msgtrans.reactive;

/** How a payload is compressed on the wire. */
public enum Compression {
    /** Not compressed. */
    NONE(0),
    /** One standard zstd frame; needs {@code com.github.luben:zstd-jni} on the class path. */
    ZSTD(1),
    /** zlib with header and Adler-32 (RFC 1950). */
    ZLIB(2);

    private final int code;

    Compression(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    public int code() {
        return code;
    }
}
