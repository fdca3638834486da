package io.msgtrans.reactive.health;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a session does at a moment.
 *
 * @param state the verdict
 * @param roundTrip smoothed round-trip time of heartbeats, or {@code null} before the first answer. Smoothed and varied as RFC
 *     6298 §2 does for TCP: a new one counts an eighth, its distance a quarter.
 * @param variation mean deviation of the round-trip time, or {@code null} before the first answer
 * @param latest the last round-trip time, or {@code null} before the first answer
 * @param silence for how long nothing has arrived from the peer
 * @param load what the peer said of itself last; {@link PeerLoad#UNKNOWN} before, and of a peer that does not say
 */
public record Health(
        HealthState state,
        @Nullable Duration roundTrip,
        @Nullable Duration variation,
        @Nullable Duration latest,
        Duration silence,
        PeerLoad load) {}
