package io.msgtrans.reactive.kafka;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What came from a topic. Its arrays belong to whoever has it. */
public final class ReceivedRecord {

    private final String topic;
    private final int partition;
    private final long offset;
    private final long timestampMillis;
    private final byte @Nullable [] key;
    private final byte @Nullable [] value;
    private final Map<String, byte[]> headers;

    ReceivedRecord(
            String topic,
            int partition,
            long offset,
            long timestampMillis,
            byte @Nullable [] key,
            byte @Nullable [] value,
            Map<String, byte[]> headers) {
        this.topic = topic;
        this.partition = partition;
        this.offset = offset;
        this.timestampMillis = timestampMillis;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }

    /** Where it was. */
    public String topic() {
        return topic;
    }

    /** Which part of it. */
    public int partition() {
        return partition;
    }

    /** Where in that. */
    public long offset() {
        return offset;
    }

    /** When it was made, in milliseconds since 1970. */
    public long timestampMillis() {
        return timestampMillis;
    }

    public byte @Nullable [] key() {
        return key;
    }

    /** The key as text, empty without one. */
    public String keyText() {
        return key == null ? "" : KafkaRecord.text(key);
    }

    /** The content; {@code null} for a deletion. */
    public byte @Nullable [] value() {
        return value;
    }

    /** What was beside it; the last one of a name. */
    public Map<String, byte[]> headers() {
        return headers;
    }

    /** A header as text, or {@code null}. */
    public @Nullable String header(String name) {
        byte[] found = headers.get(name);
        return found == null ? null : KafkaRecord.text(found);
    }

    String topicPartition() {
        return topic + "-" + partition;
    }

    @Override
    public String toString() {
        return topicPartition() + "@" + offset;
    }
}
