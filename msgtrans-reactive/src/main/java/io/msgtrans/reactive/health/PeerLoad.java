package io.msgtrans.reactive.health;

/**
 * What a server says of itself in its answers to heartbeats.
 *
 * @param cpu use of all processors by everything on its machine, 0..1; negative when it does not know
 * @param sessions open sessions
 * @param draining whether it goes away and wants no new work
 */
public record PeerLoad(double cpu, long sessions, boolean draining) {

    /** Nothing is known. */
    public static final PeerLoad UNKNOWN = new PeerLoad(-1, 0, false);
}
