package io.msgtrans.reactive;

import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Values as JSON, by Jackson 3, which the application brings ({@code tools.jackson.core:jackson-databind}). What is no JSON of
 * the type is answered with {@link PeerException#BAD_PAYLOAD}, naming the place but not the content.
 */
public final class JsonCodec<T> implements Codec<T> {

    private final JsonMapper mapper;
    private final JavaType type;

    private JsonCodec(JsonMapper mapper, JavaType type) {
        this.mapper = mapper;
        this.type = type;
    }

    /** A codec for a class. */
    public static <T> JsonCodec<T> of(JsonMapper mapper, Class<T> type) {
        return new JsonCodec<>(mapper, mapper.constructType(type));
    }

    /** A codec for a type with parameters. */
    public static <T> JsonCodec<T> of(JsonMapper mapper, TypeReference<T> type) {
        return new JsonCodec<>(mapper, mapper.constructType(type));
    }

    @Override
    public byte[] encode(T value) {
        return mapper.writerFor(type).writeValueAsBytes(value);
    }

    @Override
    public T decode(byte[] payload) {
        try {
            return mapper.readValue(payload, type);
        } catch (JacksonException broken) {
            throw new PeerException(
                    PeerException.BAD_PAYLOAD,
                    "the payload is no " + type.toCanonical() + ": " + broken.getOriginalMessage());
        }
    }
}
