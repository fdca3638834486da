package io.msgtrans.reactive.monitor;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One rule over time: bad for a while raises it, well for a while clears it. */
final class AlertState {

    private final AlertRule rule;
    private final long holdMillis;
    private final long clearMillis;

    private long badSince = -1;
    private long wellSince = -1;
    private double worst;
    private @Nullable Alert raised;

    AlertState(AlertRule rule, long holdMillis, long clearMillis) {
        this.rule = rule;
        this.holdMillis = holdMillis;
        this.clearMillis = clearMillis;
    }

    /** The alert while it is raised. */
    @Nullable
    Alert raised() {
        return raised;
    }

    /** What a snapshot changes, or {@code null}. */
    @Nullable
    Alert next(MonitorSnapshot snapshot) {
        long now = snapshot.epochMillis();
        double value = rule.value().applyAsDouble(snapshot);
        return raised == null ? whileQuiet(value, now) : whileRaised(raised, value, now);
    }

    private @Nullable Alert whileQuiet(double value, long now) {
        if (!rule.isBad(value)) {
            badSince = -1;
            return null;
        }
        if (badSince < 0) {
            badSince = now;
            worst = value;
        }
        worst = rule.above() ? Math.max(worst, value) : Math.min(worst, value);
        if (now - badSince < holdMillis) {
            return null;
        }
        wellSince = -1;
        raised = alert(true, value);
        return raised;
    }

    private @Nullable Alert whileRaised(Alert before, double value, long now) {
        if (rule.isWell(value)) {
            wellSince = wellSince < 0 ? now : wellSince;
            if (now - wellSince >= clearMillis) {
                raised = null;
                Alert cleared = alert(false, value);
                badSince = -1;
                return cleared;
            }
        } else {
            wellSince = -1;
        }
        if (value >= 0) {
            worst = rule.above() ? Math.max(worst, value) : Math.min(worst, value);
        }
        raised = new Alert(
                before.name(),
                true,
                value,
                worst,
                before.threshold(),
                before.unit(),
                before.sinceMillis(),
                before.message());
        return null;
    }

    private Alert alert(boolean isRaised, double value) {
        String message = isRaised
                ? rule.name() + " is " + text(value) + ", " + (rule.above() ? "above " : "below ")
                        + text(rule.threshold())
                : rule.name() + " is " + text(value) + " again, it was " + text(worst);
        return new Alert(rule.name(), isRaised, value, worst, rule.threshold(), rule.unit(), badSince, message);
    }

    private String text(double value) {
        return switch (rule.unit()) {
            case "share" -> String.format(Locale.ROOT, "%.2f %%", value * 100);
            case "us" -> String.format(Locale.ROOT, "%.2f ms", value / 1000);
            default -> String.format(Locale.ROOT, "%.1f %s", value, rule.unit());
        };
    }
}
