package io.msgtrans.reactive.samples.iot;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The condition for alerts: a device is hot after three readings in a row above the limit, and cool after one below it. */
final class HeatWatch {

    static final int READINGS = 3;

    private final float limitCelsius;
    private final Map<Integer, Integer> above = new ConcurrentHashMap<>();

    HeatWatch(float limitCelsius) {
        this.limitCelsius = limitCelsius;
    }

    /** What operators are told because of a reading, if anything. */
    Optional<String> look(Reading reading) {
        int device = reading.device();
        if (reading.celsius() > limitCelsius) {
            return above.merge(device, 1, Integer::sum) == READINGS
                    ? Optional.of("device " + device + " is hot: " + reading.celsius() + " °C")
                    : Optional.empty();
        }
        Integer before = above.remove(device);
        return before != null && before >= READINGS
                ? Optional.of("device " + device + " is cool again: " + reading.celsius() + " °C")
                : Optional.empty();
    }
}
