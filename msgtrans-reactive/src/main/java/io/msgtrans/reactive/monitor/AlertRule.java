package io.msgtrans.reactive.monitor;

import java.util.function.ToDoubleFunction;

/**
 * When an alert is raised, and when it is cleared.
 *
 * @param name what it is called
 * @param unit of the value: {@code us}, {@code share}…
 * @param value what is watched; negative for not known
 * @param above whether too much is bad, or too little
 * @param threshold raised beyond this
 * @param clearAt cleared on the other side of this
 */
public record AlertRule(
        String name,
        String unit,
        ToDoubleFunction<MonitorSnapshot> value,
        boolean above,
        double threshold,
        double clearAt) {

    /** Share of the threshold by which the value must have come back. */
    private static final double HYSTERESIS = 0.1;

    public AlertRule {
        if (above ? clearAt > threshold : clearAt < threshold) {
            throw new IllegalArgumentException(
                    "alert " + name + ": clearAt " + clearAt + " is on the wrong side of threshold " + threshold);
        }
    }

    /** Bad above a threshold, well again below nine tenths of it. */
    public static AlertRule above(String name, String unit, double threshold, ToDoubleFunction<MonitorSnapshot> value) {
        return new AlertRule(name, unit, value, true, threshold, threshold * (1 - HYSTERESIS));
    }

    /** Bad below a share, well again when a tenth of what is missing is made up. */
    public static AlertRule below(String name, String unit, double threshold, ToDoubleFunction<MonitorSnapshot> value) {
        return new AlertRule(name, unit, value, false, threshold, threshold + (1 - threshold) * HYSTERESIS);
    }

    boolean isBad(double value) {
        return value >= 0 && (above ? value > threshold : value < threshold);
    }

    boolean isWell(double value) {
        return value < 0 || (above ? value <= clearAt : value >= clearAt);
    }
}
