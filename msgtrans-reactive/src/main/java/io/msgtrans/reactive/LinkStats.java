package io.msgtrans.reactive;

import java.time.Duration;

/**
 * What the network under a session does, as the kernel (TCP on Linux) or QUIC sees it.
 *
 * @param rtt smoothed round-trip time
 * @param sent packets of the network that were sent; 0 where it is not known (TCP)
 * @param retransmitted packets of the network whose content was sent again
 */
public record LinkStats(Duration rtt, long sent, long retransmitted) {}
