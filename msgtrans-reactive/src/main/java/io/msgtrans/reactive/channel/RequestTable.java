package io.msgtrans.reactive.channel;

import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pending requests by message id. Ids count up, so a place is the id's low bits, as in a ring: no hashing, and taking one out moves no
 * other. (In a table with linear probing consecutive keys are one long run, which each removal walks: with 256 in flight that was
 * a tenth of the time of a request.) What finds its place taken, because ids were chosen by the caller or one waits for long, goes into an
 * ordinary map.
 */
final class RequestTable {

    private static final int FIRST_SIZE = 8;

    // Of sessions that have none yet; nothing is ever put into them.
    private static final @Nullable PendingRequest[] NO_RING = new @Nullable PendingRequest[1];
    private static final IntObjectHashMap<PendingRequest> NO_OTHERS = new IntObjectHashMap<>(1);

    private final int largestSize;
    private @Nullable PendingRequest[] ring = NO_RING;
    private IntObjectHashMap<PendingRequest> others = NO_OTHERS;
    private boolean hasOthers;
    private int inRing;

    /** @param max requests at one time */
    RequestTable(int max) {
        this.largestSize = Integer.highestOneBit(Math.max(FIRST_SIZE, max));
    }

    boolean isEmpty() {
        return inRing == 0 && others.isEmpty();
    }

    @Nullable
    PendingRequest get(int id) {
        PendingRequest found = ring[id & (ring.length - 1)];
        return found != null && found.id == id ? found : others.isEmpty() ? null : others.get(id);
    }

    boolean containsKey(int id) {
        return get(id) != null;
    }

    /** Adds a request whose id is in no other. */
    void put(PendingRequest request) {
        if (ring == NO_RING) {
            ring = new @Nullable PendingRequest[FIRST_SIZE];
        }
        int place = request.id & (ring.length - 1);
        if (ring[place] != null && inRing * 2 >= ring.length && ring.length < largestSize) {
            grow();
            place = request.id & (ring.length - 1);
        }
        if (ring[place] == null) {
            ring[place] = request;
            inRing++;
        } else {
            if (!hasOthers) {
                hasOthers = true;
                others = new IntObjectHashMap<>(4);
            }
            others.put(request.id, request);
        }
    }

    private void grow() {
        @Nullable PendingRequest[] before = ring;
        ring = new @Nullable PendingRequest[before.length * 2];
        for (PendingRequest request : before) {
            if (request != null) {
                ring[request.id & (ring.length - 1)] = request; // two of the old places share no new one
            }
        }
    }

    /** Takes a request out. */
    @Nullable
    PendingRequest remove(int id) {
        int place = id & (ring.length - 1);
        PendingRequest found = ring[place];
        if (found != null && found.id == id) {
            ring[place] = null;
            inRing--;
            return found;
        }
        return others.isEmpty() ? null : others.remove(id);
    }

    List<PendingRequest> all() {
        List<PendingRequest> all = new ArrayList<>(others.values());
        Arrays.stream(ring).filter(request -> request != null).forEach(all::add);
        return all;
    }
}
