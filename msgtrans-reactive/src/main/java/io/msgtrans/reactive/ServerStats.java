package io.msgtrans.reactive;

import java.util.Map;

/**
 * What a server did so far.
 *
 * @param sessions open sessions
 * @param opened sessions ever opened
 * @param refused connections refused at accept because of a limit, and peers that were not let in
 * @param handshakesFailed connections that were accepted and never became a session
 * @param protocolErrors sessions closed because the peer broke a rule
 * @param handlersFailed sessions closed because their handler failed
 * @param traffic the sum over all sessions, closed ones included
 * @param protocols the same by the schemes of the addresses that it listens on
 */
public record ServerStats(
        int sessions,
        long opened,
        long refused,
        long handshakesFailed,
        long protocolErrors,
        long handlersFailed,
        SessionStats traffic,
        Map<String, Protocol> protocols) {

    /**
     * The sessions of one scheme.
     *
     * @param sessions open sessions
     * @param opened sessions ever opened
     * @param traffic the sum over its sessions, closed ones included
     */
    public record Protocol(int sessions, long opened, SessionStats traffic) {

        /** None. */
        public static final Protocol NONE = new Protocol(0, 0, SessionStats.ZERO);
    }

    /** The sessions of a scheme; none of one that the server does not serve. */
    public Protocol protocol(String scheme) {
        return protocols.getOrDefault(scheme, Protocol.NONE);
    }
}
