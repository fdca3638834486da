package io.msgtrans.reactive.kafka;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What goes to a topic. Records with the same key keep their order. Immutable, but for its arrays, which must not be changed. */
public final class KafkaRecord {

    private final String topic;
    private final byte @Nullable [] key;
    private final byte @Nullable [] value;
    private final Map<String, byte[]> headers;

    private KafkaRecord(String topic, byte @Nullable [] key, byte @Nullable [] value, Map<String, byte[]> headers) {
        this.topic = topic;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }

    /**
     * A record.
     *
     * @param topic where it goes
     * @param key decides on the partition; {@code null} for any
     * @param value the content; {@code null} deletes the key from a compacted topic
     */
    public static KafkaRecord of(String topic, byte @Nullable [] key, byte @Nullable [] value) {
        return new KafkaRecord(topic, key, value, Map.of());
    }

    /** The same with a key of text, as UTF-8. */
    public static KafkaRecord of(String topic, String key, byte @Nullable [] value) {
        return of(topic, text(key), value);
    }

    /** The same without a key. */
    public static KafkaRecord of(String topic, byte @Nullable [] value) {
        return new KafkaRecord(topic, null, value, Map.of());
    }

    /** With one more header. */
    public KafkaRecord header(String name, byte[] header) {
        Map<String, byte[]> more = new HashMap<>(headers);
        more.put(name, header);
        return new KafkaRecord(topic, key, value, Map.copyOf(more));
    }

    /** With one more header, as UTF-8. */
    public KafkaRecord header(String name, String header) {
        return header(name, text(header));
    }

    /** With the headers of a record that was received. */
    KafkaRecord headers(Map<String, byte[]> all) {
        return new KafkaRecord(topic, key, value, Map.copyOf(all));
    }

    public String topic() {
        return topic;
    }

    public byte @Nullable [] key() {
        return key;
    }

    public byte @Nullable [] value() {
        return value;
    }

    public Map<String, byte[]> headers() {
        return headers;
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
