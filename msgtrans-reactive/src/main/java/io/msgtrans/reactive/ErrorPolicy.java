package io.msgtrans.reactive;

/**
 * What is done about the error of a call. The default follows {@link TransportException#kind()}:
 *
 * <table>
 * <caption>Default</caption>
 * <tr><td>critical: the connection is lost or broken</td><td>{@link Reaction#DISCONNECT}</td></tr>
 * <tr><td>recoverable: the same call may succeed later; and {@link PeerException#UNAVAILABLE}, {@link PeerException#OVERLOADED}</td><td>{@link Reaction#RETRY}</td></tr>
 * <tr><td>expected: an answer of the peer; and everything else</td><td>{@link Reaction#CONTINUE}</td></tr>
 * </table>
 */
@FunctionalInterface
public interface ErrorPolicy {

    /** What can be done. */
    enum Reaction {
        /** The session is given up, and the call made again on another one if that is allowed. */
        DISCONNECT,
        /** The call is made again, on another endpoint where there is one, if that is allowed. */
        RETRY,
        /** The error goes to the caller, and all goes on. */
        CONTINUE
    }

    /** As the table says. */
    ErrorPolicy DEFAULT = error -> {
        if (error instanceof PeerException peer) {
            return peer.code() == PeerException.UNAVAILABLE || peer.code() == PeerException.OVERLOADED
                    ? Reaction.RETRY
                    : Reaction.CONTINUE;
        }
        if (error instanceof TransportException failed) {
            return switch (failed.kind()) {
                case CRITICAL -> Reaction.DISCONNECT;
                case RECOVERABLE -> Reaction.RETRY;
                case EXPECTED -> Reaction.CONTINUE;
            };
        }
        return Reaction.CONTINUE;
    };

    /** Called on the thread that signals the error. */
    Reaction react(Throwable error);
}
