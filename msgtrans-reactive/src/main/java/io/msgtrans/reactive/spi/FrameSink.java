package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.wire.Masking;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;

/** Takes what a {@link Framing} finds in a frame. */
public interface FrameSink {

    /**
     * A packet whose header was checked and whose bytes are all there, in the buffer that is read or in another one, where the framing
     * put them together. The bytes must stay as they are when {@code in} is heap memory.
     */
    void packet(ByteBuf in, int index);

    /** The same, with the two words of its header ({@link io.msgtrans.reactive.wire.PacketHeader}), which were read for the check. */
    default void packet(ByteBuf in, int index, long head, long tail) {
        packet(in, index);
    }

    /**
     * The same for a packet that is still masked (RFC 6455 §5.3); the two words of its header are not. Who copies it may unmask it on
     * the way.
     */
    default void maskedPacket(ByteBuf in, int index, long head, long tail, int key) {
        Masking.apply(in, index, (int) PacketHeader.length(tail), key);
        packet(in, index, head, tail);
    }

    /**
     * Whether a packet with these two words of a header, whose lengths were checked, may go to {@link #plainPacket} now: nothing is to be
     * done with it but to give it to somebody who waits for it. Never by default.
     */
    default boolean takesPlain(long head, long tail) {
        return false;
    }

    /** {@link #maskedPacket} behind {@link #takesPlain}; the key may be 0, for a packet that is not masked. */
    default void plainPacket(ByteBuf in, int index, long head, long tail, int key) {
        maskedPacket(in, index, head, tail, key);
    }

    /** A packet that was made from a frame which is none. */
    void packet(Packet packet);

    /** A frame to be written before everything that waits; its reference passes. */
    void answer(ByteBuf frame);

    /** The peer says that it closes; answer it with this frame, whose reference passes. */
    void peerCloses(CloseReason reason, ByteBuf answer);

    /** The peer answers a {@link Framing#pingFrame} with its token. */
    void pong(long token);

    /** A frame was skipped by policy; it is counted. */
    void ignored();
}
