package io.msgtrans.reactive.monitor;

import java.util.Map;

/**
 * How a server did in one interval, and how it stands at its end. Rates are per second, shares 0..1.
 *
 * @param epochMillis the end of the interval
 * @param seconds its length
 * @param packetsIn packets that arrived
 * @param packetsOut packets handed to the connections
 * @param bytesIn bytes that arrived
 * @param bytesOut bytes sent
 * @param requestsIn requests that were given to the application
 * @param answers how long the application took to answer them
 * @param requests how long peers took to answer this server's own requests
 * @param errorRate share of the requests, in both directions, that were answered with an error, or not in time
 * @param timeoutRate share of this server's own requests that were not answered in time
 * @param lost packets that were accepted and never handed over, per second
 * @param dropped packets that were refused, discarded, or dropped for want of room, per second
 * @param packetsPerWrite packets that went into one flush to a socket; 0 when nothing was written
 * @param sessions open sessions
 * @param opened sessions opened, per second
 * @param handshakesFailed connections that did not become a session, or were refused, per second
 * @param pendingRequests requests to peers without an answer
 * @param queuedBytes bytes that wait for sockets
 * @param waitingPackets packets that wait for demand
 * @param full sessions whose socket takes no more
 * @param stalled sessions that are not read for want of demand
 * @param bufferHitRate share of buffers that needed no new memory; negative where it is not known
 * @param process what the process took
 * @param protocols by scheme
 */
public record MonitorSnapshot(
        long epochMillis,
        double seconds,
        double packetsIn,
        double packetsOut,
        double bytesIn,
        double bytesOut,
        double requestsIn,
        LatencySummary answers,
        LatencySummary requests,
        double errorRate,
        double timeoutRate,
        double lost,
        double dropped,
        double packetsPerWrite,
        int sessions,
        double opened,
        double handshakesFailed,
        long pendingRequests,
        long queuedBytes,
        long waitingPackets,
        long full,
        long stalled,
        double bufferHitRate,
        ProcessStats process,
        Map<String, ProtocolRates> protocols) {

    /**
     * The traffic of one scheme, per second.
     *
     * @param sessions open sessions
     * @param packetsIn packets that arrived
     * @param packetsOut packets handed to the connections
     * @param bytesIn bytes that arrived
     * @param bytesOut bytes sent
     */
    public record ProtocolRates(int sessions, double packetsIn, double packetsOut, double bytesIn, double bytesOut) {}

    /** As JSON, with the names of this type. Needs {@code tools.jackson.core:jackson-databind}. */
    public String toJson() {
        return Json.write(this);
    }

    /** From {@link #toJson()}. */
    public static MonitorSnapshot fromJson(String json) {
        return Json.read(json, MonitorSnapshot.class);
    }
}
