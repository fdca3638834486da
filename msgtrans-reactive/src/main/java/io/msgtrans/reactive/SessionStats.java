package io.msgtrans.reactive;

/**
 * What a session, or all sessions of a server, did so far, and how it stands. Figures of open sessions are read while they change.
 *
 * @param packetsReceived packets that arrived, of every type
 * @param bytesReceived bytes that arrived, frames included, TLS not
 * @param packetsSent packets handed to the connection, counted when their batch is
 * @param bytesSent bytes encoded for the socket, frames included, TLS not
 * @param packetsLost packets that were accepted and not handed to the socket because the connection ended
 * @param packetsDiscarded packets that arrived and were never asked for, because the session ended first
 * @param unmatchedResponses responses that matched no pending request: late, duplicate or unknown
 * @param payloadErrors packets dropped because their payload did not inflate within the limits
 * @param ignoredFrames frames that carry no packet and were skipped by policy (text on WebSocket)
 * @param truncated connections that ended within a packet
 * @param unreliableDropped packets of {@code offerUnreliable} that were dropped on this side: on arrival without demand or
 *     room for them, or because the connection was gone; what the network or QUIC itself dropped is not known
 * @param packetsRefused packets above a rate, and requests that waited too long for demand, see {@code AdmissionOptions}
 * @param requestsReceived requests of the peer that were given to the application
 * @param errorAnswers requests of the peer that were answered with an error
 * @param requestsSent requests to the peer
 * @param requestsTimedOut requests to the peer that were not answered in time
 * @param requestsFailed requests to the peer that it answered with an error
 * @param writes flushes to the socket; with {@code packetsSent}, how many packets go into one
 * @param pendingRequests requests without an answer yet
 * @param queuedBytes bytes that wait for the socket now
 * @param waitingPackets packets that wait for demand of {@code receive()} now
 * @param full sessions whose socket takes no more now: 0 or 1 for one session
 * @param stalled sessions that are not read now for want of demand: 0 or 1 for one session
 */
public record SessionStats(
        long packetsReceived,
        long bytesReceived,
        long packetsSent,
        long bytesSent,
        long packetsLost,
        long packetsDiscarded,
        long unmatchedResponses,
        long payloadErrors,
        long ignoredFrames,
        long truncated,
        long unreliableDropped,
        long packetsRefused,
        long requestsReceived,
        long errorAnswers,
        long requestsSent,
        long requestsTimedOut,
        long requestsFailed,
        long writes,
        long pendingRequests,
        long queuedBytes,
        long waitingPackets,
        long full,
        long stalled) {

    /** All zero. */
    public static final SessionStats ZERO =
            new SessionStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** The sum, field by field. */
    public SessionStats plus(SessionStats other) {
        return new SessionStats(
                packetsReceived + other.packetsReceived,
                bytesReceived + other.bytesReceived,
                packetsSent + other.packetsSent,
                bytesSent + other.bytesSent,
                packetsLost + other.packetsLost,
                packetsDiscarded + other.packetsDiscarded,
                unmatchedResponses + other.unmatchedResponses,
                payloadErrors + other.payloadErrors,
                ignoredFrames + other.ignoredFrames,
                truncated + other.truncated,
                unreliableDropped + other.unreliableDropped,
                packetsRefused + other.packetsRefused,
                requestsReceived + other.requestsReceived,
                errorAnswers + other.errorAnswers,
                requestsSent + other.requestsSent,
                requestsTimedOut + other.requestsTimedOut,
                requestsFailed + other.requestsFailed,
                writes + other.writes,
                pendingRequests + other.pendingRequests,
                queuedBytes + other.queuedBytes,
                waitingPackets + other.waitingPackets,
                full + other.full,
                stalled + other.stalled);
    }
}
