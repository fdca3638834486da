package io.msgtrans.reactive.samples.soak;

import java.util.ArrayList;
import java.util.List;

/** What must not happen and did. Safe for use by several threads. */
final class Violations {

    private static final int SHOWN = 50;

    private final List<String> first = new ArrayList<>();
    private long count;

    synchronized void add(String what) {
        count++;
        if (first.size() < SHOWN) {
            first.add(what);
        }
    }

    synchronized long count() {
        return count;
    }

    /** The first ones. */
    synchronized List<String> first() {
        return List.copyOf(first);
    }
}
