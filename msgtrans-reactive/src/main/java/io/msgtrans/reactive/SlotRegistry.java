package io.msgtrans.reactive;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Values under ids that it gives out: finding one is an array access. An id is a slot and how often the slot was used before, so
 * that the id of a value that is gone never finds its successor. For any thread, without locks but for making room.
 *
 * <pre>
 *   id: | 0 | uses 39 bits | slot 24 bits |        ids of first uses are 1, 2, 3…
 * </pre>
 *
 * <p>Memory: 16 bytes per slot with compressed references, in chunks of 4,096 slots; what was ever needed at one time stays.
 */
public final class SlotRegistry<T> {

    private static final int SLOT_BITS = 24;
    private static final int MAX_SLOTS = 1 << SLOT_BITS;
    private static final int SLOT_MASK = MAX_SLOTS - 1;
    private static final long USES_MASK = (1L << (63 - SLOT_BITS)) - 1;
    private static final int CHUNK_BITS = 12;
    private static final int CHUNK = 1 << CHUNK_BITS;
    private static final int CHUNK_MASK = CHUNK - 1;

    private static final VarHandle USES = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle VALUES = MethodHandles.arrayElementVarHandle(Object[].class);

    private static final class Chunk {
        /** How often each slot was used before; grows when a value is removed. */
        private final long[] uses = new long[CHUNK];

        private final @Nullable Object[] values = new @Nullable Object[CHUNK];
        /** Of a free slot: the next free one. */
        private final int[] nextFree = new int[CHUNK];
    }

    private final AtomicReferenceArray<Chunk> chunks = new AtomicReferenceArray<>(MAX_SLOTS >>> CHUNK_BITS);
    /** The first free slot (lower 32 bits, 0 for none) and how often it has changed, so that none is taken twice. */
    private final AtomicLong free = new AtomicLong();
    /** Slots that were ever used. */
    private final AtomicInteger used = new AtomicInteger(1);

    private final AtomicInteger size = new AtomicInteger();

    /**
     * Adds a value and gives its id.
     *
     * @throws LimitException when 16,777,215 values are there
     */
    public long add(T value) {
        long id = reserve();
        set(id, value);
        return id;
    }

    /** Gives an id for a value that is {@link #set} later; until then it finds nothing. */
    public long reserve() {
        int slot = takeFree();
        if (slot == 0) {
            slot = takeNew();
        }
        return id((long) USES.getAcquire(chunk(slot).uses, slot & CHUNK_MASK), slot);
    }

    /** The value of a reserved id. */
    public void set(long id, T value) {
        int slot = (int) id & SLOT_MASK;
        size.getAndIncrement();
        VALUES.setRelease(chunk(slot).values, slot & CHUNK_MASK, value);
    }

    /** The value of an id, or {@code null}. */
    public @Nullable T get(long id) {
        int slot = (int) id & SLOT_MASK;
        Chunk chunk = chunks.getAcquire(slot >>> CHUNK_BITS);
        if (chunk == null || id <= 0) {
            return null;
        }
        int index = slot & CHUNK_MASK;
        @SuppressWarnings("unchecked") // only values of T are set
        T value = (T) VALUES.getAcquire(chunk.values, index);
        // Looked at after the value: a value of a later use is never taken for this one's.
        return (long) USES.getAcquire(chunk.uses, index) == id >>> SLOT_BITS ? value : null;
    }

    /** Removes the value of an id, or gives back an id that was only reserved; {@code null} when it has none any more. */
    public @Nullable T remove(long id) {
        int slot = (int) id & SLOT_MASK;
        Chunk chunk = chunks.getAcquire(slot >>> CHUNK_BITS);
        long uses = id >>> SLOT_BITS;
        int index = slot & CHUNK_MASK;
        if (chunk == null || id <= 0 || !USES.compareAndSet(chunk.uses, index, uses, uses + 1 & USES_MASK)) {
            return null;
        }
        @SuppressWarnings("unchecked") // only values of T are set
        T value = (T) VALUES.getAndSet(chunk.values, index, null);
        if (value != null) {
            size.getAndDecrement();
        }
        giveFree(slot, chunk, index);
        return value;
    }

    /** How many values there are. */
    public int size() {
        return size.get();
    }

    /** Calls an action with each value that is there all the time; with others or not. */
    public void forEach(Consumer<? super T> action) {
        values().forEach(action);
    }

    /** The values: a live view that never fails while it changes. */
    public Collection<T> values() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<T> iterator() {
                return new Values();
            }

            @Override
            public int size() {
                return SlotRegistry.this.size();
            }
        };
    }

    private final class Values implements Iterator<T> {
        private int slot;
        private @Nullable T next = advance();

        @SuppressWarnings("unchecked") // only values of T are set
        private @Nullable T advance() {
            int end = Math.min(used.get(), MAX_SLOTS);
            while (++slot < end) {
                Object value = VALUES.getAcquire(chunk(slot).values, slot & CHUNK_MASK);
                if (value != null) {
                    return (T) value;
                }
            }
            return null;
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public T next() {
            T present = next;
            if (present == null) {
                throw new NoSuchElementException();
            }
            next = advance();
            return present;
        }
    }

    // ---- slots ----

    private static long id(long uses, int slot) {
        return uses << SLOT_BITS | slot;
    }

    private int takeFree() {
        while (true) {
            long head = free.get();
            int slot = (int) head;
            if (slot == 0) {
                return 0;
            }
            int next = chunk(slot).nextFree[slot & CHUNK_MASK];
            if (free.compareAndSet(head, changed(head, next))) {
                return slot;
            }
        }
    }

    private void giveFree(int slot, Chunk chunk, int index) {
        while (true) {
            long head = free.get();
            chunk.nextFree[index] = (int) head;
            if (free.compareAndSet(head, changed(head, slot))) {
                return;
            }
        }
    }

    private static long changed(long head, int slot) {
        return ((head >>> 32) + 1) << 32 | slot;
    }

    private int takeNew() {
        int slot = used.getAndIncrement();
        if (slot >= MAX_SLOTS || slot < 0) {
            used.decrementAndGet();
            throw new LimitException("values of a registry", "16,777,215, which is fixed", MAX_SLOTS - 1L, MAX_SLOTS);
        }
        return slot;
    }

    private Chunk chunk(int slot) {
        int index = slot >>> CHUNK_BITS;
        Chunk chunk = chunks.getAcquire(index);
        if (chunk == null) {
            synchronized (chunks) {
                chunk = chunks.getAcquire(index);
                if (chunk == null) {
                    chunk = new Chunk();
                    chunks.setRelease(index, chunk);
                }
            }
        }
        return chunk;
    }
}
