package io.msgtrans.reactive;

import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * How values of a type lie in payloads. Both directions may be called from several threads, and may throw: the peer then gets
 * an error.
 */
public interface Codec<T> {

    /** The payload as it is. */
    Codec<byte[]> BYTES = of(bytes -> bytes, bytes -> bytes);

    /** UTF-8. */
    Codec<String> TEXT =
            of(text -> text.getBytes(StandardCharsets.UTF_8), bytes -> new String(bytes, StandardCharsets.UTF_8));

    /** The payload of a value, which nobody changes any more. */
    byte[] encode(T value);

    /** The value of a payload, which belongs to the codec. */
    T decode(byte[] payload);

    /** A codec of two functions, for example those of a JSON mapper. */
    static <T> Codec<T> of(Function<T, byte[]> encoder, Function<byte[], T> decoder) {
        return new Codec<>() {
            @Override
            public byte[] encode(T value) {
                return encoder.apply(value);
            }

            @Override
            public T decode(byte[] payload) {
                return decoder.apply(payload);
            }
        };
    }
}
