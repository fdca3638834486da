package io.msgtrans.reactive.channel;

/**
 * Which side of a connection a session is.
 *
 * @param client whether this side opened the connection
 * @param extended whether the wire extensions were agreed on before the first packet
 */
public record Role(boolean client, boolean extended) {}
