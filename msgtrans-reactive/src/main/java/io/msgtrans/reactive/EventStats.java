package io.msgtrans.reactive;

/**
 * What a subscriber of {@link BoundServer#events} got.
 *
 * @param sent events that happened while it was subscribed
 * @param received those that it was given
 * @param dropped those that it missed because it was too slow
 */
public record EventStats(long sent, long received, long dropped) {}
