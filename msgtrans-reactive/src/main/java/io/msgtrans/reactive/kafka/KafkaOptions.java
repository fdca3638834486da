package io.msgtrans.reactive.kafka;

import io.msgtrans.reactive.spi.OptionRange;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** How to reach the brokers, and how much may be under way. Immutable: each method returns a changed copy. */
public final class KafkaOptions implements Cloneable {

    // Never written after the copy that a method returns has left it.
    private String brokers;
    private String clientId = "msgtrans";
    private int inFlight = 1024;
    private int pending = 4096;
    private Duration sendTimeout = Duration.ofSeconds(30);
    private Duration closeTimeout = Duration.ofSeconds(10);
    private String deadLetterTopic = "";
    private int attempts = 3;
    private Map<String, Object> properties = Map.of();

    private KafkaOptions(String brokers) {
        this.brokers = brokers;
    }

    /** Brokers as {@code host:port,host:port}. */
    public static KafkaOptions of(String brokers) {
        if (brokers.isBlank()) {
            throw new IllegalArgumentException("brokers must not be empty: host:port,host:port");
        }
        return new KafkaOptions(brokers);
    }

    public String brokers() {
        return brokers;
    }

    /** What the brokers' logs and quotas call us; default {@code msgtrans}. */
    public KafkaOptions clientId(String id) {
        KafkaOptions copy = copy();
        copy.clientId = Objects.requireNonNull(id, "clientId");
        return copy;
    }

    public String clientId() {
        return clientId;
    }

    /** Records that were given to the producer and are not acknowledged, 1..1,000,000; default 1,024. */
    public KafkaOptions inFlight(int records) {
        KafkaOptions copy = copy();
        copy.inFlight = OptionRange.check("inFlight", records, 1, 1_000_000);
        return copy;
    }

    public int inFlight() {
        return inFlight;
    }

    /** Records that wait for the producer, 2..1,000,000; default 4,096. Then senders wait, and sessions are not read. */
    public KafkaOptions pending(int records) {
        KafkaOptions copy = copy();
        copy.pending = OptionRange.check("pending", records, 2, 1_000_000);
        return copy;
    }

    public int pending() {
        return pending;
    }

    /** How long the producer tries until a record has failed, 1 s..1 h; default 30 s. Brokers may restart meanwhile. */
    public KafkaOptions sendTimeout(Duration timeout) {
        KafkaOptions copy = copy();
        copy.sendTimeout =
                OptionRange.check("sendTimeout", timeout, Duration.ofSeconds(1), Duration.ofHours(1), "1 s..1 h");
        return copy;
    }

    public Duration sendTimeout() {
        return sendTimeout;
    }

    /** How long the end waits for what is under way, 10 ms..10 min; default 10 s. */
    public KafkaOptions closeTimeout(Duration timeout) {
        KafkaOptions copy = copy();
        copy.closeTimeout = OptionRange.check(
                "closeTimeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(10), "10 ms..10 min");
        return copy;
    }

    public Duration closeTimeout() {
        return closeTimeout;
    }

    /** Where records go that cannot be handled; by default to their topic's name with {@code .dead}. */
    public KafkaOptions deadLetterTopic(String topic) {
        KafkaOptions copy = copy();
        copy.deadLetterTopic = Objects.requireNonNull(topic, "deadLetterTopic");
        return copy;
    }

    String deadLettersOf(String topic) {
        return deadLetterTopic.isEmpty() ? topic + ".dead" : deadLetterTopic;
    }

    /** How often a record is tried before it is a dead letter, 1..100; default 3. */
    public KafkaOptions attempts(int attempts) {
        KafkaOptions copy = copy();
        copy.attempts = OptionRange.check("attempts", attempts, 1, 100);
        return copy;
    }

    public int attempts() {
        return attempts;
    }

    /** A property of Kafka's clients, such as {@code security.protocol}; takes the place of what these options set. */
    public KafkaOptions property(String name, Object value) {
        KafkaOptions copy = copy();
        Map<String, Object> more = new HashMap<>(properties);
        more.put(name, value);
        copy.properties = Map.copyOf(more);
        return copy;
    }

    Map<String, Object> properties() {
        return properties;
    }

    private KafkaOptions copy() {
        try {
            return (KafkaOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
