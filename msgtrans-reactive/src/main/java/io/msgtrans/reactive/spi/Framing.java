package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.ProtocolException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How packets lie between the other bytes of a connection. One object per connection, used on its event loop only.
 *
 * <p>Nothing is reserved for a length before its bytes are there: {@link #frameLength} is asked with what has arrived,
 * and must refuse a length above the limit at once.
 */
public interface Framing {

    /**
     * Length of the frame that begins at an index, or, when that cannot be told yet, minus the number of bytes from the
     * index on that are needed to get further.
     *
     * @param available bytes from the index on
     * @throws ProtocolException when the frame breaks a rule or a limit
     */
    int frameLength(ByteBuf in, int index, int available);

    /**
     * Takes a whole frame and gives what it carries to the sink. May change the bytes of the frame.
     *
     * @throws ProtocolException when the frame breaks a rule or a limit
     */
    void frame(ByteBuf in, int index, int length, FrameSink sink);

    /**
     * {@link #frameLength}, and {@link #frame} if the frame is whole: how a session takes frames. To be overridden where
     * both at once cost less.
     *
     * @return what {@link #frameLength} returns
     * @throws ProtocolException when the frame breaks a rule or a limit
     */
    default int take(ByteBuf in, int index, int available, FrameSink sink) {
        int length = frameLength(in, index, available);
        if (length > 0 && length <= available) {
            frame(in, index, length, sink);
        }
        return length;
    }

    /**
     * Takes what {@link #take} is not needed for: whole frames, from an index on, with packets that the sink {@linkplain
     * FrameSink#takesPlain takes plainly}. In a loop of its own, so that it is compiled as one with what the session's subscriber does;
     * none by default.
     *
     * @param end index behind the last byte that is there
     * @return index of the first frame that was not taken
     */
    default int takePlain(ByteBuf in, int index, int end, FrameSink sink) {
        return index;
    }

    /** Largest payload in bytes that this side accepts and sends. */
    int maxPayload();

    /**
     * Whether frames have bytes that are not their packet's, or change those; true by default. Where it is false,
     * {@link #prefixLength}, {@link #writePrefix} and {@link #finish} have nothing to do, and need not be called.
     */
    default boolean addsBytes() {
        return true;
    }

    /** Bytes before a packet of this length in its frame. */
    int prefixLength(long packetLength);

    /**
     * Writes the bytes before a packet; the packet's bytes follow, then {@link #finish}. May write into the place of the packet's header,
     * for which there is room.
     */
    void writePrefix(ByteBuffer out, int index, int packetLength);

    /** Called when the bytes of a packet have been written behind their prefix, which may change them (masking). */
    void finish(ByteBuffer out, int prefixIndex, int packetIndex, int packetLength);

    /**
     * Whether {@link #finish} does nothing but mask the packet with {@link #maskingKey} (RFC 6455 §5.3). Then who writes the packet may
     * mask it on the way ({@link io.msgtrans.reactive.Packet#writeMaskedTo}), and leave it out.
     */
    default boolean masksPackets() {
        return false;
    }

    /** The key that {@link #writePrefix} wrote last, where this side {@linkplain #masksPackets masks packets}; otherwise 0. */
    default int maskingKey() {
        return 0;
    }

    /** Whether {@link #finish} changes bytes, so that payloads must be copied instead of written as they are. */
    boolean transformsBytes();

    /**
     * Framings with equal keys write the same bytes for the same packet, so that a broadcast is encoded once for all of them;
     * {@code null}, the default, when another connection's bytes would differ.
     */
    default @Nullable Object sharedKey() {
        return null;
    }

    /** Whether the transport tells the peer by other means than {@link #closeFrame} why this side closes. */
    default boolean tellsReason() {
        return false;
    }

    /** The frame that tells the peer that and why this side closes, or {@code null} when there is none. */
    @Nullable
    ByteBuf closeFrame(CloseReason reason);

    /** A frame that asks the peer for an answer with this token ({@link FrameSink#pong}), or {@code null} when there is none. */
    default @Nullable ByteBuf pingFrame(long token) {
        return null;
    }

    /** A frame that says nothing, so that the connection is not taken for idle, or {@code null} when there is none. */
    default @Nullable ByteBuf keepAliveFrame() {
        return null;
    }

    /** How often {@link #keepAliveFrame} is sent, in nanoseconds; 0, the default, for never. */
    default long keepAliveNanos() {
        return 0;
    }
}
