package io.msgtrans.reactive.spi;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.netty.buffer.ByteBuf;

/** Takes what a {@link Framing} finds in a frame. */
public interface FrameSink {

    /**
     * A packet whose header was checked and whose bytes are all there. The bytes must stay as they are when {@code in}
     * is heap memory.
     */
    void packet(ByteBuf in, int index);

    /** The same, with the two words of its header ({@link io.msgtrans.reactive.wire.PacketHeader}), which were read for the check. */
    default void packet(ByteBuf in, int index, long head, long tail) {
        packet(in, index);
    }

    /** A packet that was made from a frame: from one that is none, or because the sink {@linkplain #keepsPackets keeps packets}. */
    void packet(Packet packet);

    /** Whether packets are copied from where they were read, so that a framing may as well do it. */
    default boolean keepsPackets() {
        return false;
    }

    /** A frame to be written before everything that waits; its reference passes. */
    void answer(ByteBuf frame);

    /** The peer says that it closes; answer it with this frame, whose reference passes. */
    void peerCloses(CloseReason reason, ByteBuf answer);

    /** The peer answers a {@link Framing#pingFrame} with its token. */
    void pong(long token);

    /** A frame was skipped by policy; it is counted. */
    void ignored();
}
