package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.health.PeerLoad;
import java.util.function.Supplier;

/**
 * Which side of a connection a session is.
 *
 * @param client whether this side opened the connection
 * @param extended whether the wire extensions were agreed on before the first packet
 * @param load what this side says of itself in answers to heartbeats
 */
public record Role(boolean client, boolean extended, Supplier<PeerLoad> load) {

    /** The side that opened the connection. */
    public static Role client(boolean extended) {
        return new Role(true, extended, () -> PeerLoad.UNKNOWN);
    }

    /** The side that accepted it. */
    public static Role server(boolean extended, Supplier<PeerLoad> load) {
        return new Role(false, extended, load);
    }
}
