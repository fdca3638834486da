package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/** The ways out of one session: that of its first channel, and those of further ones. Lanes are only ever added. */
final class Lanes {

    private static final int PRIORITY_LANE = 1;

    private final Outbound first;
    /** All of them; written on the event loop, read by any thread. */
    private volatile List<Outbound> all;

    Lanes(Outbound first) {
        this.first = first;
        this.all = List.of(first);
    }

    /** Event loop only. */
    void add(Outbound lane) {
        List<Outbound> more = new ArrayList<>(all);
        more.add(lane);
        all = List.copyOf(more);
    }

    int count() {
        return all.size();
    }

    /**
     * A lane by its number.
     *
     * @throws IndexOutOfBoundsException when there is no such lane
     */
    Outbound get(int index) {
        return all.get(index);
    }

    /** The lane that a packet takes by itself. */
    Outbound of(Packet packet) {
        if (!packet.hasFlag(Packet.FLAG_HIGH_PRIORITY)) {
            return first;
        }
        List<Outbound> present = all;
        return present.size() > PRIORITY_LANE ? present.get(PRIORITY_LANE) : first;
    }

    void forEach(Consumer<Outbound> action) {
        all.forEach(action);
    }

    /** Ends this side of all but the first. */
    void endOutputOfOthers() {
        all.stream().skip(1).forEach(Outbound::endOutput);
    }

    /** Whether everything that was accepted is in the sockets' buffers. */
    boolean isDrained() {
        for (Outbound lane : all) {
            if (!lane.isDrained()) {
                return false;
            }
        }
        return true;
    }

    long sum(ToLongFunction<Outbound> figure) {
        long sum = 0;
        for (Outbound lane : all) {
            sum += figure.applyAsLong(lane);
        }
        return sum;
    }
}
