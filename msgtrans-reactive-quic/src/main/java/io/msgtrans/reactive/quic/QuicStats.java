package io.msgtrans.reactive.quic;

import java.time.Duration;

/**
 * Figures of a QUIC connection.
 *
 * @param rtt smoothed round-trip time of the path in use
 * @param congestionWindowBytes what may be in flight
 * @param udpPayloadBytes the largest UDP payload that the path carries, as far as it is known: while it is probed, what is tried now
 * @param deliveryRateBytes estimated bytes per second that the path carries
 * @param packetsSent QUIC packets sent
 * @param packetsReceived QUIC packets received
 * @param packetsLost QUIC packets that were lost
 * @param packetsRetransmitted QUIC packets whose content was sent again
 * @param bytesSent bytes sent
 * @param bytesReceived bytes received
 * @param paths network paths known
 */
public record QuicStats(
        Duration rtt,
        long congestionWindowBytes,
        long udpPayloadBytes,
        long deliveryRateBytes,
        long packetsSent,
        long packetsReceived,
        long packetsLost,
        long packetsRetransmitted,
        long bytesSent,
        long bytesReceived,
        int paths) {}
