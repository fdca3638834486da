package io.msgtrans.reactive.samples.soak;

import io.msgtrans.reactive.Packet;
import java.nio.ByteBuffer;

/** Payloads that carry a number, and whose length and end follow from it. */
final class Numbered {

    private static final int SIZES = 600;

    private Numbered() {}

    private static int length(long number) {
        return Long.BYTES + 1 + (int) (number * 31 % SIZES);
    }

    static byte[] payload(long number) {
        byte[] payload = new byte[length(number)];
        ByteBuffer.wrap(payload).putLong(number);
        payload[payload.length - 1] = (byte) number;
        return payload;
    }

    /** The number of such a payload. */
    static long of(Packet packet) {
        return ByteBuffer.wrap(packet.payload()).getLong();
    }

    /** Whether a packet carries this number, whole. */
    static boolean is(Packet packet, long number) {
        byte[] payload = packet.payload();
        return payload.length == length(number)
                && ByteBuffer.wrap(payload).getLong() == number
                && payload[payload.length - 1] == (byte) number;
    }
}
