package io.msgtrans.reactive.monitor;

/**
 * Something that was outside its bounds for a while, or is back within them.
 *
 * @param name of the rule
 * @param raised whether it is raised, or cleared
 * @param value what it is now
 * @param worst what it was at its worst
 * @param threshold what it should not go beyond
 * @param unit of the three
 * @param sinceMillis since when it was bad, as epoch milliseconds
 * @param message the same in words
 */
public record Alert(
        String name,
        boolean raised,
        double value,
        double worst,
        double threshold,
        String unit,
        long sinceMillis,
        String message) {}
