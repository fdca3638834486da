package io.msgtrans.reactive.peers;

import java.util.List;
import java.util.Locale;

/**
 * What is moved. Written {@code kind:payload:connections}, {@code kind:payload:connections:window}, as in
 * {@code echo:64:8:256}, or {@code rate:payload:connections:rate}.
 *
 * @param kind what client and server do
 * @param payloadBytes payload of each packet, without headers; 4 to 16 MiB, as some
 *     contestants carry the id in it
 * @param connections connections that share the load, or that a broadcast goes to; 1 to 10,000
 * @param window packets in flight on each connection when they are answered, a power of two; 1 for ping-pong, without
 *     meaning one-way. At a rate, the most that may be in flight
 * @param rate packets a second over all connections; 0 for as many as the answers allow
 */
public record Workload(Kind kind, int payloadBytes, int connections, int window, int rate) {

    /** What client and server do. */
    public enum Kind {
        /** The client sends as fast as its API lets it; the server counts. */
        ONEWAY,
        /** The client keeps a window of packets in flight on each connection; the server sends each back. */
        ECHO,
        /** Echo with one packet in flight on each connection. */
        PINGPONG,
        /** The client sends so many packets a second, whatever comes back; the server sends each back. */
        RATE,
        /** The client asks for streams without end, as many as the window says on each connection, and counts their items. */
        STREAM,
        /** The same with streams in both directions: the server sends each item back. */
        CHANNEL,
        /** The server sends each packet to every connection, and waits for the slowest; the client counts deliveries. */
        BROADCAST;

        /** Whether it runs on streams with demand across the wire, which not every contestant has. */
        public boolean onStreams() {
            return this == STREAM || this == CHANNEL;
        }
    }

    /** The largest payload a contestant must carry. */
    public static final int MAX_PAYLOAD_BYTES = 16 << 20;

    private static final int DEFAULT_WINDOW = 256;
    private static final int MOST_IN_FLIGHT_AT_A_RATE = 1 << 14;

    /** The table that is measured unless other workloads are named. */
    public static List<Workload> standard() {
        return List.of(
                parse("oneway:64:1"),
                parse("oneway:64:8"),
                parse("oneway:1024:1"),
                parse("oneway:65536:1"),
                parse("echo:64:1:256"),
                parse("echo:64:8:256"),
                parse("pingpong:64:1"));
    }

    /** Reads the written form. */
    public static Workload parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length < 3 || parts.length > 4) {
            throw new IllegalArgumentException(
                    "workload " + text
                            + " is not written kind:payload:connections, kind:payload:connections:window or rate:payload:connections:rate");
        }
        try {
            Kind kind = Kind.valueOf(parts[0].toUpperCase(Locale.ROOT));
            int defaultWindow = kind == Kind.ECHO ? DEFAULT_WINDOW : 1;
            int last = parts.length == 4 ? Integer.parseInt(parts[3]) : defaultWindow;
            int payload = Integer.parseInt(parts[1]);
            int connections = Integer.parseInt(parts[2]);
            return kind == Kind.RATE
                    ? new Workload(kind, payload, connections, MOST_IN_FLIGHT_AT_A_RATE, last)
                    : new Workload(kind, payload, connections, last, 0);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("workload " + text + ": " + e.getMessage(), e);
        }
    }

    public Workload {
        check("payload", payloadBytes, 4, MAX_PAYLOAD_BYTES);
        check("connections", connections, 1, 10_000);
        check("window", window, 1, mostInFlight(kind));
        check("rate", rate, kind == Kind.RATE ? 1 : 0, kind == Kind.RATE ? 100_000_000 : 0);
        if (Integer.bitCount(window) != 1) {
            throw new IllegalArgumentException("window " + window + " is not a power of two");
        }
    }

    private static int mostInFlight(Kind kind) {
        return switch (kind) {
            case ECHO -> 1 << 16;
            case RATE -> MOST_IN_FLIGHT_AT_A_RATE;
            case STREAM, CHANNEL -> 1024;
            default -> 1;
        };
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not in " + min + ".." + max);
        }
    }

    /** The written form, which {@link #parse} reads. */
    @Override
    public String toString() {
        String text = kind.name().toLowerCase(Locale.ROOT) + ":" + payloadBytes + ":" + connections;
        if (kind == Kind.RATE) {
            return text + ":" + rate;
        }
        return kind == Kind.ECHO || kind.onStreams() ? text + ":" + window : text;
    }
}
