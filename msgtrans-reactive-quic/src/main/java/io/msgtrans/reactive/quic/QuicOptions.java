package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOption;
import java.time.Duration;
import java.util.Set;

/** The options of {@code quic} addresses, for {@code EndpointOptions.with}. Sizes are in bytes. */
public final class QuicOptions {

    /** When a server makes a new client prove its address with a stateless retry, which costs it one round trip. */
    public enum AddressValidation {
        /** Always: a flood from spoofed addresses costs no memory and no handshake. */
        ALWAYS,
        /** When {@link #UNVALIDATED_HANDSHAKES} or more handshakes are in progress. */
        UNDER_LOAD,
        /** Never. */
        NEVER
    }

    /** How a side finds out how fast it may send. */
    public enum CongestionControl {
        /** Backs off on loss and grows back by time (RFC 9438). */
        CUBIC,
        /** Backs off on loss and grows back by round trips (RFC 9002). */
        RENO,
        /** Goes by delivered rate and round-trip time: loss alone does not slow it down. */
        BBR
    }

    /**
     * The names (ALPN) of plain msgtrans v1, best first, separated by commas; default {@code msgtrans}, a name of ours.
     * QUIC needs one that both sides know. Peers agree on our extensions ({@code EndpointOptions.extensions}) by the first of
     * them with {@code /x1} behind it; others never see a byte of these.
     */
    public static final EndpointOption<String> ALPN = new EndpointOption<>("quic.alpn", String.class, "msgtrans");

    /** How long a connection lives without a packet of the peer; default 30 s, 100 ms..1 h. The lower side's counts. */
    public static final EndpointOption<Duration> IDLE_TIMEOUT =
            new EndpointOption<>("quic.idleTimeout", Duration.class, Duration.ofSeconds(30));

    /**
     * How often a sign of life is sent to a peer that knows our extensions; default 15 s, zero for never. Netty's codec
     * cannot send QUIC pings, so towards other peers they or the application must keep an idle connection alive.
     */
    public static final EndpointOption<Duration> KEEP_ALIVE =
            new EndpointOption<>("quic.keepAlive", Duration.class, Duration.ofSeconds(15));

    /** What the peer may send on all streams before it was read; default 1.5 MiB, 64 KiB..1 GiB. */
    public static final EndpointOption<Integer> CONNECTION_WINDOW =
            new EndpointOption<>("quic.connectionWindow", Integer.class, 3 << 19);

    /** What the peer may send on one stream before it was read; default 1 MiB, 64 KiB..1 GiB. */
    public static final EndpointOption<Integer> STREAM_WINDOW =
            new EndpointOption<>("quic.streamWindow", Integer.class, 1 << 20);

    /**
     * Largest UDP payload to send, 1200..16,383, which the path has to carry; default 0: what the path carries is found out. A
     * connection then begins with 1,200 and probes for up to 1,452, an Ethernet frame's, or 16,383 where a server listens at an
     * address of the loopback interface or a client connects to one (RFC 8899).
     */
    public static final EndpointOption<Integer> MAX_UDP_PAYLOAD =
            new EndpointOption<>("quic.maxUdpPayload", Integer.class, 0);

    /** Default {@link CongestionControl#CUBIC}. */
    public static final EndpointOption<CongestionControl> CONGESTION_CONTROL =
            new EndpointOption<>("quic.congestionControl", CongestionControl.class, CongestionControl.CUBIC);

    /**
     * How many lanes a session may have, see {@code Session.lane}; default 1, 1..16. Each is a stream of its own. The lower
     * side's number counts, and 1 towards peers that do not know our extensions.
     */
    public static final EndpointOption<Integer> LANES = new EndpointOption<>("quic.lanes", Integer.class, 1);

    /**
     * Whether to agree on datagrams for {@code Session.offerUnreliable} with a peer that knows our extensions; default
     * false.
     */
    public static final EndpointOption<Boolean> DATAGRAMS =
            new EndpointOption<>("quic.datagrams", Boolean.class, false);

    /**
     * Client: how many connections share a UDP socket, and so an open file; default 1, 1..100,000. Those on one socket come
     * to one event loop of the server.
     */
    public static final EndpointOption<Integer> CONNECTIONS_PER_SOCKET =
            new EndpointOption<>("quic.connectionsPerSocket", Integer.class, 1);

    /** Server: default {@link AddressValidation#UNDER_LOAD}. */
    public static final EndpointOption<AddressValidation> ADDRESS_VALIDATION =
            new EndpointOption<>("quic.addressValidation", AddressValidation.class, AddressValidation.UNDER_LOAD);

    /** Server: handshakes in progress from which on addresses are validated under load; default 256, 0..65,536. */
    public static final EndpointOption<Integer> UNVALIDATED_HANDSHAKES =
            new EndpointOption<>("quic.unvalidatedHandshakes", Integer.class, 256);

    /**
     * Server: sockets on its address, each with an event loop of its own; default 0, which is one for each event loop.
     * More than one needs epoll ({@code SO_REUSEPORT}).
     */
    public static final EndpointOption<Integer> SOCKETS = new EndpointOption<>("quic.sockets", Integer.class, 0);

    static final Set<EndpointOption<?>> ALL = Set.of(
            ALPN,
            IDLE_TIMEOUT,
            KEEP_ALIVE,
            CONNECTION_WINDOW,
            STREAM_WINDOW,
            MAX_UDP_PAYLOAD,
            CONGESTION_CONTROL,
            LANES,
            DATAGRAMS,
            CONNECTIONS_PER_SOCKET,
            ADDRESS_VALIDATION,
            UNVALIDATED_HANDSHAKES,
            SOCKETS);

    private QuicOptions() {}
}
