package io.msgtrans.reactive.samples.trading;

import io.msgtrans.reactive.Packet;
import java.nio.ByteBuffer;

/**
 * What became of an order, in 24 bytes of payload.
 *
 * <pre>
 *   | order id 8 | filled quantity 8, negative when sold | position after it 8 |
 * </pre>
 */
record ExecutionReport(long orderId, long filled, long position) {

    private static final int BYTES = 24;

    Packet toResponse(Packet request) {
        return request.response(ByteBuffer.allocate(BYTES)
                .putLong(orderId)
                .putLong(filled)
                .putLong(position)
                .array());
    }

    static ExecutionReport from(Packet response) {
        ByteBuffer bytes = response.payloadBuffer();
        return new ExecutionReport(bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    /** Whether the order was refused because its position would have become too large. */
    boolean isRefused() {
        return filled == 0;
    }
}
