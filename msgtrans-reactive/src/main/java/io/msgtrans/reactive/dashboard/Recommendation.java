package io.msgtrans.reactive.dashboard;

/**
 * Something to do, or that was done.
 *
 * @param epochMillis when it was found
 * @param what to do
 * @param why it would help
 * @param state {@code advice}, {@code done}, {@code taken back}…
 */
public record Recommendation(long epochMillis, String what, String why, String state) {}
