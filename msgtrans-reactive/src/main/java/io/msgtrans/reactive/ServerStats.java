package io.msgtrans.reactive;

/**
 * What a server did so far.
 *
 * @param sessions open sessions
 * @param opened sessions ever opened
 * @param refused connections refused at accept because of a limit, and peers that were not let in
 * @param handshakesFailed connections that were accepted and never became a session
 * @param protocolErrors sessions closed because the peer broke a rule
 * @param traffic the sum over all sessions, closed ones included
 */
public record ServerStats(
        int sessions, long opened, long refused, long handshakesFailed, long protocolErrors, SessionStats traffic) {}
