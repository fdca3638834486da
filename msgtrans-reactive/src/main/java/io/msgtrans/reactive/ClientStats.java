package io.msgtrans.reactive;

/**
 * What a client did so far, and all clients that were derived from the same {@link TransportClient#create}.
 *
 * @param sessions open sessions
 * @param opened sessions ever opened
 * @param failed attempts to connect that failed
 * @param traffic the sum over all sessions, closed ones included
 */
public record ClientStats(int sessions, long opened, long failed, SessionStats traffic) {}
