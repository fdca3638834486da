package io.msgtrans.reactive.health;

/** How a session does, from best to worst. {@link HeartbeatOptions} has the thresholds. */
public enum HealthState {
    /** Answers in time. */
    HEALTHY,
    /** Late: gets less load where there are others. */
    DEGRADED,
    /** Very late: gets no new load where there are others, and is replaced. */
    CRITICAL,
    /** Gone: given up and closed. */
    FAILED;

    /** Whether this state is better than, or as good as, another. */
    public boolean isAtLeast(HealthState other) {
        return compareTo(other) <= 0;
    }
}
