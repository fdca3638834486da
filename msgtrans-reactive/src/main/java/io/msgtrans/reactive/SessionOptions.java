package io.msgtrans.reactive;

import io.msgtrans.reactive.health.HeartbeatOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a session allows and how long it waits; the same for every transport. Immutable: each method returns a changed
 * copy.
 */
public final class SessionOptions implements Cloneable {

    /** What happens to a packet whose payload does not inflate within the limits; it is counted in any case. */
    public enum PayloadErrors {
        /** The packet is dropped (a response fails its request). */
        DROP,
        /** The connection is closed. */
        CLOSE,
        /** The packet is delivered as it came, its {@link Packet#compression()} telling so: for peers that mislabel. */
        DELIVER_RAW
    }

    /** The defaults. */
    public static final SessionOptions DEFAULTS = new SessionOptions();

    private static final int MIB = 1 << 20;

    // Never written after the copy that a method returns has left it.
    private Duration requestTimeout = Duration.ofSeconds(10);
    private int maxPendingRequests = 16_384;
    private int maxPayload;
    private int maxInflated = 16 * MIB;
    private int maxInflateRatio = 500;
    private PayloadErrors payloadErrors = PayloadErrors.DROP;
    private int firstReadBytes = 4 * 1024;
    private int largestReadBytes = 256 * 1024;
    private int inboundPackets = 256;
    private int inboundBytes = 256 * 1024;
    private int outboundPackets = 4096;
    private int outboundBytes = MIB;
    private Duration writeDelay = Duration.ZERO;
    private int writeBatch = 32;
    private Duration idleTimeout = Duration.ZERO;
    private HeartbeatOptions heartbeat = HeartbeatOptions.OFF;
    private Duration closeTimeout = Duration.ofSeconds(5);
    private boolean ignoreTrailingBytes;
    private boolean lenientFrames;
    private boolean rejectFragmented;
    private BiConsumer<Session, Packet> unmatchedResponses = (session, packet) -> {};

    private StreamHandler streamHandler = new StreamHandler() {};
    private int maxStreams = 1024;
    private boolean deadlines;
    private Set<String> contextKeys = Set.of();
    private @Nullable Tracing tracing;
    private int streamCredit = 16_384;
    private int streamBytes = 4 * MIB;

    private SessionOptions() {}

    /** How long {@link Session#request(Packet)} waits; default 10 s, 10 ms..1 day. */
    public SessionOptions requestTimeout(Duration timeout) {
        SessionOptions copy = copy();
        copy.requestTimeout = between("requestTimeout", timeout, Duration.ofMillis(10), Duration.ofDays(1));
        return copy;
    }

    public Duration requestTimeout() {
        return requestTimeout;
    }

    /** Requests without an answer at one time, 1..1,048,576; default 16,384. One more fails with {@link LimitException}. */
    public SessionOptions maxPendingRequests(int requests) {
        SessionOptions copy = copy();
        copy.maxPendingRequests = between("maxPendingRequests", requests, 1, 1 << 20);
        return copy;
    }

    public int maxPendingRequests() {
        return maxPendingRequests;
    }

    /**
     * Largest payload in bytes as it is on the wire, sent or received, 1..1 GiB; 0, the default, means what suits the
     * transport: 1 MiB on {@code tcp}, 16 MiB less the header on the others. A larger packet of the peer closes the
     * connection, a larger one of ours fails before anything is written.
     */
    public SessionOptions maxPayload(int bytes) {
        SessionOptions copy = copy();
        copy.maxPayload = between("maxPayload", bytes, 0, 1 << 30);
        return copy;
    }

    public int maxPayload() {
        return maxPayload;
    }

    /** {@link #maxPayload()}, or the default of a transport when it is 0. */
    public int maxPayloadOr(int transportDefault) {
        return maxPayload == 0 ? transportDefault : maxPayload;
    }

    /** Largest payload after inflating, 1..1 GiB; default 16 MiB. What exceeds it falls under {@link #payloadErrors}. */
    public SessionOptions maxInflated(int bytes) {
        SessionOptions copy = copy();
        copy.maxInflated = between("maxInflated", bytes, 1, 1 << 30);
        return copy;
    }

    public int maxInflated() {
        return maxInflated;
    }

    /**
     * Largest output per byte of input while inflating, 1..1,000,000; default 500. Enforced beyond 1 MiB of output. What
     * exceeds it falls under {@link #payloadErrors}.
     */
    public SessionOptions maxInflateRatio(int ratio) {
        SessionOptions copy = copy();
        copy.maxInflateRatio = between("maxInflateRatio", ratio, 1, 1_000_000);
        return copy;
    }

    public int maxInflateRatio() {
        return maxInflateRatio;
    }

    /** What happens to a packet that does not inflate; default {@link PayloadErrors#DROP}. */
    public SessionOptions payloadErrors(PayloadErrors policy) {
        SessionOptions copy = copy();
        copy.payloadErrors = Objects.requireNonNull(policy, "payloadErrors");
        return copy;
    }

    public PayloadErrors payloadErrors() {
        return payloadErrors;
    }

    /**
     * Sets {@link #readBytes}, {@link #inboundPackets}, {@link #inboundBytes}, {@link #outboundPackets}, {@link #outboundBytes} and
     * {@link #streamBytes} to what suits a workload; each may be set to something else behind it.
     */
    public SessionOptions workload(Workload workload) {
        return switch (workload) {
            case SMALL_MESSAGES ->
                readBytes(4 * 1024, 256 * 1024)
                        .inboundPackets(256)
                        .inboundBytes(256 * 1024)
                        .outboundPackets(4096)
                        .outboundBytes(MIB)
                        .streamBytes(4 * MIB);
            case LARGE_MESSAGES ->
                readBytes(64 * 1024, MIB)
                        .inboundPackets(64)
                        .inboundBytes(4 * MIB)
                        .outboundPackets(1024)
                        .outboundBytes(8 * MIB)
                        .streamBytes(16 * MIB);
            case MANY_SESSIONS ->
                readBytes(512, 16 * 1024)
                        .inboundPackets(64)
                        .inboundBytes(32 * 1024)
                        .outboundPackets(256)
                        .outboundBytes(64 * 1024)
                        .streamBytes(256 * 1024);
        };
    }

    /**
     * How much one read of the socket takes: at first, 64 B..1 MiB, default 4 KiB, and at most, as it adapts to what arrives, up to 16
     * MiB, default 256 KiB.
     */
    public SessionOptions readBytes(int first, int largest) {
        SessionOptions copy = copy();
        copy.firstReadBytes = between("readBytes, first", first, 64, MIB);
        copy.largestReadBytes = between("readBytes, largest", largest, first, 16 * MIB);
        return copy;
    }

    public int firstReadBytes() {
        return firstReadBytes;
    }

    public int largestReadBytes() {
        return largestReadBytes;
    }

    /** Packets that may wait for demand of {@code receive()}, 1..65,536; default 256. Then reading stops. */
    public SessionOptions inboundPackets(int packets) {
        SessionOptions copy = copy();
        copy.inboundPackets = between("inboundPackets", packets, 1, 65_536);
        return copy;
    }

    public int inboundPackets() {
        return inboundPackets;
    }

    /**
     * Bytes of packets that may wait for demand of {@code receive()}, 1 KiB..1 GiB; default 256 KiB; one packet is always
     * let in. Then reading stops. One read, and one incomplete packet, may lie before this bound.
     */
    public SessionOptions inboundBytes(int bytes) {
        SessionOptions copy = copy();
        copy.inboundBytes = between("inboundBytes", bytes, 1024, 1 << 30);
        return copy;
    }

    public int inboundBytes() {
        return inboundBytes;
    }

    /** Packets of {@code offer} and {@code request} that may wait for the socket, 1..1,048,576; default 4,096. */
    public SessionOptions outboundPackets(int packets) {
        SessionOptions copy = copy();
        copy.outboundPackets = between("outboundPackets", packets, 1, 1 << 20);
        return copy;
    }

    public int outboundPackets() {
        return outboundPackets;
    }

    /**
     * Bytes that may wait for the socket, 4 KiB..1 GiB; default 1 MiB: in the queue of {@code offer} and {@code request},
     * and again in the write buffer below it. A publisher that is being sent is asked for no more than fits.
     */
    public SessionOptions outboundBytes(int bytes) {
        SessionOptions copy = copy();
        copy.outboundBytes = between("outboundBytes", bytes, 4096, 1 << 30);
        return copy;
    }

    public int outboundBytes() {
        return outboundBytes;
    }

    /**
     * How long packets may wait for others to be written with, zero, the default, or 10 us..1 s: fewer and larger writes for
     * senders of single packets, at the price of that latency. See {@link #writeBatch}.
     */
    public SessionOptions writeDelay(Duration delay) {
        SessionOptions copy = copy();
        copy.writeDelay =
                delay.isZero() ? delay : between("writeDelay", delay, Duration.ofNanos(10_000), Duration.ofSeconds(1));
        return copy;
    }

    public Duration writeDelay() {
        return writeDelay;
    }

    /** With {@link #writeDelay}: so many packets are written without waiting any longer, 1..65,536; default 32. */
    public SessionOptions writeBatch(int packets) {
        SessionOptions copy = copy();
        copy.writeBatch = between("writeBatch", packets, 1, 65_536);
        return copy;
    }

    public int writeBatch() {
        return writeBatch;
    }

    /** Closes a session from which nothing arrived for so long, 10 ms..1 day; zero, the default, means never. */
    public SessionOptions idleTimeout(Duration timeout) {
        SessionOptions copy = copy();
        copy.idleTimeout =
                timeout.isZero() ? timeout : between("idleTimeout", timeout, Duration.ofMillis(10), Duration.ofDays(1));
        return copy;
    }

    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** Whether and how the peer is asked for signs of life; default {@link HeartbeatOptions#OFF}. */
    public SessionOptions heartbeat(HeartbeatOptions options) {
        SessionOptions copy = copy();
        copy.heartbeat = Objects.requireNonNull(options, "heartbeat");
        return copy;
    }

    /** As {@link #heartbeat(HeartbeatOptions)}, unless heartbeats were chosen already. */
    public SessionOptions heartbeatByDefault(HeartbeatOptions options) {
        return heartbeat.interval().isZero() ? heartbeat(options) : this;
    }

    public HeartbeatOptions heartbeat() {
        return heartbeat;
    }

    /** Who follows requests and sessions; default nobody. Both sides need one for a trace that goes on over there. */
    public SessionOptions tracing(Tracing tracing) {
        SessionOptions copy = copy();
        copy.tracing = Objects.requireNonNull(tracing, "tracing");
        return copy;
    }

    public @Nullable Tracing tracing() {
        return tracing;
    }

    /** How long an orderly close waits for the peer before the connection is cut; default 5 s, 10 ms..1 h. */
    public SessionOptions closeTimeout(Duration timeout) {
        SessionOptions copy = copy();
        copy.closeTimeout = between("closeTimeout", timeout, Duration.ofMillis(10), Duration.ofHours(1));
        return copy;
    }

    public Duration closeTimeout() {
        return closeTimeout;
    }

    /**
     * Whether bytes behind the packet in a WebSocket message (or QUIC frame) are skipped instead of closing the
     * connection; default false.
     */
    public SessionOptions ignoreTrailingBytes(boolean ignore) {
        SessionOptions copy = copy();
        copy.ignoreTrailingBytes = ignore;
        return copy;
    }

    public boolean ignoreTrailingBytes() {
        return ignoreTrailingBytes;
    }

    /**
     * Whether a WebSocket message (or QUIC frame) that is no packet is delivered as a one-way packet with id 0 and biz
     * type 0 whose payload is the whole frame, as Rust peers do, instead of closing the connection; default false. Never
     * on {@code tcp}, where no frame bounds the damage.
     */
    public SessionOptions lenientFrames(boolean lenient) {
        SessionOptions copy = copy();
        copy.lenientFrames = lenient;
        return copy;
    }

    public boolean lenientFrames() {
        return lenientFrames;
    }

    /** Whether a packet with {@link Packet#FLAG_FRAGMENTED} closes the connection; default false: it is delivered. */
    public SessionOptions rejectFragmented(boolean reject) {
        SessionOptions copy = copy();
        copy.rejectFragmented = reject;
        return copy;
    }

    public boolean rejectFragmented() {
        return rejectFragmented;
    }

    /**
     * Called on the event loop with each response that matches no pending request, which is counted and dropped
     * afterwards; by default nothing is called. Must not block; what it throws is logged.
     */
    public SessionOptions onUnmatchedResponse(BiConsumer<Session, Packet> hook) {
        SessionOptions copy = copy();
        copy.unmatchedResponses = Objects.requireNonNull(hook, "onUnmatchedResponse");
        return copy;
    }

    public BiConsumer<Session, Packet> onUnmatchedResponse() {
        return unmatchedResponses;
    }

    /** What to do with streams that the peer opens; by default they are refused. */
    public SessionOptions streams(StreamHandler handler) {
        SessionOptions copy = copy();
        copy.streamHandler = Objects.requireNonNull(handler, "streams");
        return copy;
    }

    public StreamHandler streamHandler() {
        return streamHandler;
    }

    /** Open streams of both sides at one time, 1..65,536; default 1,024. One more is refused. */
    public SessionOptions maxStreams(int streams) {
        SessionOptions copy = copy();
        copy.maxStreams = between("maxStreams", streams, 1, 65_536);
        return copy;
    }

    public int maxStreams() {
        return maxStreams;
    }

    /**
     * Items of a stream that the peer may have under way at most, 1..1,048,576; default 16,384. It gets more when a quarter is
     * left, and never more than the subscriber has demanded; they wait nowhere on this side. Streams of one session share
     * four times as many, but each has 16.
     */
    public SessionOptions streamCredit(int items) {
        SessionOptions copy = copy();
        copy.streamCredit = between("streamCredit", items, 1, 1 << 20);
        return copy;
    }

    public int streamCredit() {
        return streamCredit;
    }

    /**
     * Bytes of items that the peer may have under way on all streams of the session, 1 KiB..1 GiB; default 4 MiB; each stream
     * has at least one item. By the average size of the items that came, so that what is under way stays near it.
     */
    public SessionOptions streamBytes(int bytes) {
        SessionOptions copy = copy();
        copy.streamBytes = between("streamBytes", bytes, 1024, 1 << 30);
        return copy;
    }

    public int streamBytes() {
        return streamBytes;
    }

    /**
     * Whether the time that a caller waits goes with its requests and streams, to peers that agreed on our extensions: their
     * handlers find it as a {@link Deadline} in their context, and are cancelled when it passes; default false.
     */
    public SessionOptions deadlines(boolean told) {
        SessionOptions copy = copy();
        copy.deadlines = told;
        return copy;
    }

    public boolean deadlines() {
        return deadlines;
    }

    /**
     * Keys of the Reactor context whose values, as text, go with requests and streams to peers that agreed on our extensions,
     * and are taken over from them: {@code traceparent}, a tenant… By default none; each of 1..255 bytes. What a peer sends
     * under other keys is ignored. See {@link Metadata}.
     */
    public SessionOptions contextKeys(String... keys) {
        for (String key : keys) {
            between(
                    "contextKeys: length of '" + key + "' in bytes",
                    key.getBytes(StandardCharsets.UTF_8).length,
                    1,
                    255);
        }
        SessionOptions copy = copy();
        copy.contextKeys = Set.of(keys);
        return copy;
    }

    public Set<String> contextKeys() {
        return contextKeys;
    }

    private SessionOptions copy() {
        try {
            return (SessionOptions) clone();
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    static int between(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(option + " " + value + " is outside " + min + ".." + max);
        }
        return value;
    }

    static Duration between(String option, Duration value, Duration min, Duration max) {
        if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(option + " " + value + " is outside " + min + ".." + max);
        }
        return value;
    }
}
