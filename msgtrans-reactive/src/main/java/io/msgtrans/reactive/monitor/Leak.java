package io.msgtrans.reactive.monitor;

/**
 * Something that grows and does not come back, or buffers that were dropped without release.
 *
 * @param what grows
 * @param unit of the two
 * @param perMinute how much is added in a minute; 0 for dropped buffers
 * @param now how much there is
 * @param message the same in words, with what to do
 */
public record Leak(String what, String unit, double perMinute, double now, String message) {}
