package io.msgtrans.reactive.samples.scale;

import io.msgtrans.reactive.samples.process.MemoryUse;

/**
 * What a server process has at a moment.
 *
 * @param heapBytes in use, behind a collection when that was asked for
 * @param directBytes of Netty's and the JDK's direct buffers
 * @param residentBytes of the whole process; 0 where the system does not tell
 * @param sessions open ones
 * @param packets received so far
 */
record ServerState(long heapBytes, long directBytes, long residentBytes, long sessions, long packets) {

    static ServerState now(boolean collect, long sessions, long packets) {
        MemoryUse memory = MemoryUse.now(collect);
        return new ServerState(memory.heapBytes(), memory.directBytes(), memory.residentBytes(), sessions, packets);
    }

    String toText() {
        return heapBytes + " " + directBytes + " " + residentBytes + " " + sessions + " " + packets;
    }

    static ServerState of(String text) {
        String[] parts = text.split(" ", -1);
        return new ServerState(
                Long.parseLong(parts[0]),
                Long.parseLong(parts[1]),
                Long.parseLong(parts[2]),
                Long.parseLong(parts[3]),
                Long.parseLong(parts[4]));
    }
}
