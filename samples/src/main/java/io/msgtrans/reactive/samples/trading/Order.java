package io.msgtrans.reactive.samples.trading;

import io.msgtrans.reactive.Packet;
import java.nio.ByteBuffer;

/**
 * An order, in 32 bytes of payload.
 *
 * <pre>
 *   | order id 8 | instrument 8 | quantity 8, negative to sell | limit price in ticks 8 |
 * </pre>
 */
record Order(long id, long instrument, long quantity, long priceTicks) {

    static final int BYTES = 32;

    Packet toRequest() {
        return Packet.request(ByteBuffer.allocate(BYTES)
                .putLong(id)
                .putLong(instrument)
                .putLong(quantity)
                .putLong(priceTicks)
                .array());
    }

    /** @throws IllegalArgumentException when the payload is no order */
    static Order from(Packet request) {
        if (request.payloadLength() != BYTES) {
            throw new IllegalArgumentException("an order has " + BYTES + " bytes, not " + request.payloadLength());
        }
        ByteBuffer bytes = request.payloadBuffer();
        return new Order(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }
}
