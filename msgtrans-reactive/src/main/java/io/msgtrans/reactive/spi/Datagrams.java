package io.msgtrans.reactive.spi;

import io.netty.buffer.ByteBuf;

/** Packets beside the stream that may be lost, where a connection has them. */
public interface Datagrams {

    /** The largest packet, header included; 0 as long as the peer takes none. Any thread. */
    int maxBytes();

    /** Sends a packet, taking over the buffer; false when it was dropped. Event loop only. */
    boolean write(ByteBuf packet);
}
