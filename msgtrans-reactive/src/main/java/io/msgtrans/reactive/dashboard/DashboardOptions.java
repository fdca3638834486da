package io.msgtrans.reactive.dashboard;

import io.msgtrans.reactive.group.Groups;
import io.msgtrans.reactive.spi.OptionRange;
import io.msgtrans.reactive.tuning.Tuner;
import io.msgtrans.reactive.tuning.TunerEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a {@link Dashboard} shows and to whom. Immutable: each method returns a changed copy. */
public final class DashboardOptions implements Cloneable {

    /** The defaults. */
    public static final DashboardOptions DEFAULTS = new DashboardOptions();

    // Never written after the copy that a method returns has left it.
    private String title = "msgtrans";
    private String token = "";
    private boolean closeSessions = true;
    private List<Groups> groups = List.of();
    private Duration diagnosisTime = Duration.ofSeconds(3);
    private @Nullable Supplier<String> scrape;
    private @Nullable Tuner tuner;

    private DashboardOptions() {}

    /** What stands at the top of the page; default {@code msgtrans}. */
    public DashboardOptions title(String title) {
        DashboardOptions copy = copy();
        copy.title = Objects.requireNonNull(title, "title");
        return copy;
    }

    String title() {
        return title;
    }

    /** What viewers must know, 8 characters or more; by default there is none, and only this machine is served. Never printed. */
    public DashboardOptions token(String token) {
        if (token.length() < 8) {
            throw new IllegalArgumentException("token has " + token.length() + " characters, at least 8 are needed");
        }
        DashboardOptions copy = copy();
        copy.token = token;
        return copy;
    }

    String token() {
        return token;
    }

    /** Whether viewers may close sessions; default true. */
    public DashboardOptions closeSessions(boolean allowed) {
        DashboardOptions copy = copy();
        copy.closeSessions = allowed;
        return copy;
    }

    boolean closeSessions() {
        return closeSessions;
    }

    /** Shows the groups of one more set. */
    public DashboardOptions groups(Groups shown) {
        DashboardOptions copy = copy();
        List<Groups> more = new ArrayList<>(groups);
        more.add(shown);
        copy.groups = List.copyOf(more);
        return copy;
    }

    List<Groups> groups() {
        return groups;
    }

    /** How long a diagnosis looks, 500 ms..1 min; default 3 s. */
    public DashboardOptions diagnosisTime(Duration time) {
        DashboardOptions copy = copy();
        copy.diagnosisTime = OptionRange.check(
                "diagnosisTime", time, Duration.ofMillis(500), Duration.ofMinutes(1), "500 ms..1 min");
        return copy;
    }

    Duration diagnosisTime() {
        return diagnosisTime;
    }

    /** What {@code /metrics} answers, for Prometheus: {@code prometheusRegistry::scrape}; by default there is no such page. */
    public DashboardOptions metrics(Supplier<String> scrape) {
        DashboardOptions copy = copy();
        copy.scrape = Objects.requireNonNull(scrape, "scrape");
        return copy;
    }

    @Nullable
    Supplier<String> metrics() {
        return scrape;
    }

    /** Shows what a tuner advises and does. */
    public DashboardOptions tuner(Tuner tuner) {
        DashboardOptions copy = copy();
        copy.tuner = Objects.requireNonNull(tuner, "tuner");
        return copy;
    }

    List<TunerEvent> recommendations() {
        return tuner == null ? List.of() : tuner.past();
    }

    private DashboardOptions copy() {
        try {
            return (DashboardOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
