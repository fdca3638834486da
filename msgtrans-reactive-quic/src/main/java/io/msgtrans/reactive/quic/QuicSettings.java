package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOption;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.EndpointOptions.Extensions;
import io.netty.handler.codec.quic.QuicCodecBuilder;
import io.netty.handler.codec.quic.QuicCongestionControlAlgorithm;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The checked options of an endpoint, and what they mean for Netty's codec. */
final class QuicSettings {

    private static final String EXTENSIONS_SUFFIX = "/x1";

    /** Also how many paths a connection may have at a time while its client moves. */
    private static final int CONNECTION_IDS = 64;

    /** Every path carries that (RFC 9000 §14). */
    private static final int LEAST_UDP_PAYLOAD = 1200;
    /** An Ethernet frame of 1,500 bytes without the headers of IPv6 and UDP. */
    private static final int ETHERNET_UDP_PAYLOAD = 1452;
    /** The codec sends no larger ones. */
    private static final int LARGEST_UDP_PAYLOAD = 16_383;
    /** First byte, connection id, packet number, authentication tag, and the header of the frame. */
    private static final int DATAGRAM_OVERHEAD = 1 + 20 + 4 + 16 + 3;

    /** How many wait in the codec on either side; then the oldest are dropped. */
    private static final int DATAGRAMS = 1024;

    private final EndpointOptions options;
    private final List<String> protocols;

    private QuicSettings(EndpointOptions options, List<String> protocols) {
        this.options = options;
        this.protocols = protocols;
    }

    /** @throws IllegalArgumentException naming the option, its value and its range */
    static QuicSettings of(EndpointOptions options) {
        between(options, QuicOptions.IDLE_TIMEOUT, Duration.ofMillis(100), Duration.ofHours(1));
        between(options, QuicOptions.KEEP_ALIVE, Duration.ZERO, Duration.ofHours(1));
        between(options, QuicOptions.CONNECTION_WINDOW, 1 << 16, 1 << 30);
        between(options, QuicOptions.STREAM_WINDOW, 1 << 16, 1 << 30);
        if (options.get(QuicOptions.MAX_UDP_PAYLOAD) != 0) {
            between(options, QuicOptions.MAX_UDP_PAYLOAD, LEAST_UDP_PAYLOAD, LARGEST_UDP_PAYLOAD);
        }
        between(options, QuicOptions.LANES, 1, 16);
        between(options, QuicOptions.CONNECTIONS_PER_SOCKET, 1, 100_000);
        between(options, QuicOptions.UNVALIDATED_HANDSHAKES, 0, 65_536);
        between(options, QuicOptions.SOCKETS, 0, 1024);
        return new QuicSettings(options, protocols(options));
    }

    private static <T extends Comparable<T>> void between(
            EndpointOptions options, EndpointOption<T> option, T min, T max) {
        T value = options.get(option);
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(option + " " + value + " is outside " + min + ".." + max);
        }
    }

    private static List<String> protocols(EndpointOptions options) {
        List<String> names = new ArrayList<>();
        for (String name : options.get(QuicOptions.ALPN).split(",", -1)) {
            if (name.isBlank() || name.strip().length() > 200) {
                throw new IllegalArgumentException(QuicOptions.ALPN + " \"" + options.get(QuicOptions.ALPN)
                        + "\" holds an empty or too long name");
            }
            names.add(name.strip());
        }
        if (options.extensions() != Extensions.OFF) {
            names.add(0, names.get(0) + EXTENSIONS_SUFFIX);
        }
        return names;
    }

    /** The names to offer or accept, best first. */
    String[] protocols() {
        return protocols.toArray(String[]::new);
    }

    /** Whether a name that was agreed on stands for our extensions. */
    boolean isExtended(String protocol) {
        return options.extensions() != Extensions.OFF && protocol.equals(protocols.get(0));
    }

    EndpointOptions options() {
        return options;
    }

    long keepAliveNanos() {
        return options.get(QuicOptions.KEEP_ALIVE).toNanos();
    }

    /** Whether what the path carries is found out. */
    boolean discoversUdpPayload() {
        return options.get(QuicOptions.MAX_UDP_PAYLOAD) == 0;
    }

    /** The largest UDP payload to send or to probe for, by the address that is listened at or connected to. */
    int maxUdpPayload(InetAddress address) {
        int named = options.get(QuicOptions.MAX_UDP_PAYLOAD);
        return named != 0 ? named : address.isLoopbackAddress() ? LARGEST_UDP_PAYLOAD : ETHERNET_UDP_PAYLOAD;
    }

    /** The largest packet for a datagram, by what the codec says: as long as it probes, that is more than the path may carry. */
    int maxDatagram(int codecsMax) {
        return discoversUdpPayload() ? Math.min(codecsMax, LEAST_UDP_PAYLOAD - DATAGRAM_OVERHEAD) : codecsMax;
    }

    /** Windows and counts, which Netty leaves at zero, and sizes by the address that is listened at or connected to. */
    <B extends QuicCodecBuilder<B>> B apply(B codec, InetAddress address) {
        int streamWindow = options.get(QuicOptions.STREAM_WINDOW);
        if (options.get(QuicOptions.DATAGRAMS)) {
            codec.datagram(DATAGRAMS, DATAGRAMS);
        }
        return codec.maxIdleTimeout(options.get(QuicOptions.IDLE_TIMEOUT).toMillis(), TimeUnit.MILLISECONDS)
                .initialMaxData(options.get(QuicOptions.CONNECTION_WINDOW))
                .initialMaxStreamDataBidirectionalLocal(streamWindow)
                .initialMaxStreamDataBidirectionalRemote(streamWindow)
                .initialMaxStreamsBidirectional(options.get(QuicOptions.LANES))
                .maxRecvUdpPayloadSize(65_527)
                .maxSendUdpPayloadSize(maxUdpPayload(address))
                .discoverPmtu(discoversUdpPayload())
                .congestionControlAlgorithm(
                        switch (options.get(QuicOptions.CONGESTION_CONTROL)) {
                            case CUBIC -> QuicCongestionControlAlgorithm.CUBIC;
                            case RENO -> QuicCongestionControlAlgorithm.RENO;
                            case BBR -> QuicCongestionControlAlgorithm.BBR;
                        })
                .activeMigration(true)
                .activeConnectionIdLimit(CONNECTION_IDS);
    }
}
