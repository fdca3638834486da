package io.msgtrans.reactive.monitor;

import java.util.function.ToDoubleFunction;

/** What is kept of a snapshot, drawn, and watched. */
public enum Figure {
    PACKETS_IN("packets/s", false, MonitorSnapshot::packetsIn),
    PACKETS_OUT("packets/s", false, MonitorSnapshot::packetsOut),
    BYTES_IN("B/s", false, MonitorSnapshot::bytesIn),
    BYTES_OUT("B/s", false, MonitorSnapshot::bytesOut),
    REQUESTS_IN("requests/s", false, MonitorSnapshot::requestsIn),
    ANSWER_MEAN("us", false, snapshot -> snapshot.answers().mean()),
    ANSWER_P50("us", false, snapshot -> snapshot.answers().p50()),
    ANSWER_P99("us", true, snapshot -> snapshot.answers().p99()),
    ANSWER_P999("us", true, snapshot -> snapshot.answers().p999()),
    ERROR_RATE("share", true, MonitorSnapshot::errorRate),
    TIMEOUT_RATE("share", true, MonitorSnapshot::timeoutRate),
    LOST("packets/s", true, snapshot -> snapshot.lost() + snapshot.dropped()),
    SESSIONS("sessions", false, MonitorSnapshot::sessions),
    PENDING_REQUESTS("requests", true, MonitorSnapshot::pendingRequests),
    QUEUED_BYTES("B", true, MonitorSnapshot::queuedBytes),
    WAITING_PACKETS("packets", true, MonitorSnapshot::waitingPackets),
    PACKETS_PER_WRITE("packets", false, MonitorSnapshot::packetsPerWrite),
    CPU("share", true, snapshot -> snapshot.process().cpu()),
    MACHINE_CPU("share", true, snapshot -> snapshot.process().machineCpu()),
    HEAP("B", true, snapshot -> snapshot.process().heapUsed()),
    HEAP_AFTER_GC("B", false, snapshot -> snapshot.process().heapAfterGc()),
    DIRECT("B", true, snapshot -> snapshot.process().directUsed()),
    GC("share", true, snapshot -> snapshot.process().gcShare()),
    ALLOCATED("B/s", false, snapshot -> snapshot.process().allocatedPerSecond()),
    BUFFER_HITS("share", false, MonitorSnapshot::bufferHitRate);

    private final String unit;
    private final boolean peak;

    @SuppressWarnings("ImmutableEnumChecker") // the functions above have no state
    private final ToDoubleFunction<MonitorSnapshot> value;

    Figure(String unit, boolean peak, ToDoubleFunction<MonitorSnapshot> value) {
        this.unit = unit;
        this.peak = peak;
        this.value = value;
    }

    /** Its unit. */
    public String unit() {
        return unit;
    }

    /** Whether several are joined by their highest; otherwise by their mean. */
    public boolean isPeak() {
        return peak;
    }

    /** Its value in a snapshot. */
    public double of(MonitorSnapshot snapshot) {
        return value.applyAsDouble(snapshot);
    }
}
