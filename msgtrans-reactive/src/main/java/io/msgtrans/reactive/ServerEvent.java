package io.msgtrans.reactive;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a server, for watching: see {@link BoundServer#events}. Packets never travel this way.
 *
 * @param kind what happened
 * @param session to which session, or {@code null} when there is none
 * @param remote the peer's address, or {@code null} when the server as a whole is meant
 * @param reason why a session ended, or {@code null}
 * @param error what failed, or {@code null}
 */
public record ServerEvent(
        Kind kind,
        @Nullable Session session,
        @Nullable SocketAddress remote,
        @Nullable CloseReason reason,
        @Nullable Throwable error) {

    /** What may happen. */
    public enum Kind {
        /** A session was opened. */
        OPENED,
        /** A session has ended; the event has the reason. */
        CLOSED,
        /** A connection was refused at accept because of a limit. */
        REFUSED,
        /** A connection ended in its handshake. */
        HANDSHAKE_FAILED,
        /** The handler of a session failed; the event has the error, CLOSED follows. */
        HANDLER_FAILED,
        /** A session that was opened since somebody watches takes no more: its socket or its outbound bound is full. */
        SLOW,
        /** The server accepts no more and waits for its sessions to finish. */
        DRAINING
    }
}
