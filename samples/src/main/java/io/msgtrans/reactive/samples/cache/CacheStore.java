package io.msgtrans.reactive.samples.cache;

import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a node holds. Of two versions of a key the higher one stays, on every node the same, in whatever order they come. A version
 * is the time in microseconds, made unique by the node's number in the lowest bits; what is deleted is kept as a version without a
 * value.
 */
final class CacheStore {

    /** One version of a key; the value is not changed any more. */
    static final class Entry {
        private final String key;
        private final long version;
        private final byte @Nullable [] value;

        Entry(String key, long version, byte @Nullable [] value) {
            this.key = key;
            this.version = version;
            this.value = value;
        }

        String key() {
            return key;
        }

        long version() {
            return version;
        }

        byte @Nullable [] value() {
            return value;
        }
    }

    private static final int NODE_BITS = 8;

    private final int node;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();
    private final AtomicLong lastVersion = new AtomicLong();

    /** @param node 0..255, different on each node */
    CacheStore(int node) {
        this.node = node & ((1 << NODE_BITS) - 1);
    }

    byte @Nullable [] get(String key) {
        Entry entry = entries.get(key);
        return entry == null ? null : entry.value();
    }

    /** A new version of a key; {@code null} deletes. */
    Entry write(String key, byte @Nullable [] value) {
        long now = System.currentTimeMillis() * 1000;
        long version = lastVersion.updateAndGet(
                last -> Math.max(now << NODE_BITS, last + (1 << NODE_BITS)) & -(1L << NODE_BITS));
        Entry entry = new Entry(key, version | node, value);
        merge(entry);
        return entry;
    }

    /** Takes a version that was made elsewhere. */
    void merge(Entry entry) {
        entries.merge(entry.key(), entry, (present, other) -> other.version() > present.version() ? other : present);
        lastVersion.accumulateAndGet(entry.version(), Math::max);
    }

    Collection<Entry> all() {
        return Objects.requireNonNull(entries.values());
    }

    long size() {
        return entries.values().stream().filter(entry -> entry.value() != null).count();
    }
}
