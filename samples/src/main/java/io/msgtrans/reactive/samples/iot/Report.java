package io.msgtrans.reactive.samples.iot;

import io.msgtrans.reactive.Compression;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.PeerException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a device sends at a time: device (4 bytes), count (2), then for each reading its time (8), temperature and voltage (4 each).
 *
 * @param device which one
 * @param readings the oldest first
 */
public record Report(int device, List<Reading> readings) {

    /** Biz type of the request that carries one. */
    public static final int BIZ_TYPE = 1;

    private static final int HEAD_BYTES = 6;
    private static final int READING_BYTES = 16;
    private static final int MAX_READINGS = 1000;

    /** As a request with a zstd payload: readings of one device resemble each other. */
    public Packet toRequest() {
        ByteBuffer bytes = ByteBuffer.allocate(HEAD_BYTES + readings.size() * READING_BYTES)
                .putInt(device)
                .putShort((short) readings.size());
        for (Reading reading : readings) {
            bytes.putLong(reading.timeMillis()).putFloat(reading.celsius()).putFloat(reading.volts());
        }
        return Packet.builder(PacketType.REQUEST)
                .bizType(BIZ_TYPE)
                .compression(Compression.ZSTD)
                .payload(bytes.array())
                .build();
    }

    /**
     * Reads one.
     *
     * @throws PeerException when it is none
     */
    public static Report of(Packet packet) {
        ByteBuffer bytes = packet.payloadBuffer();
        int count = bytes.remaining() < HEAD_BYTES ? -1 : bytes.getShort(4);
        if (count < 1 || count > MAX_READINGS || bytes.remaining() != HEAD_BYTES + count * READING_BYTES) {
            throw new PeerException(
                    PeerException.BAD_PAYLOAD,
                    "a payload of " + bytes.remaining() + " bytes is no report of 1.." + MAX_READINGS + " readings");
        }
        int device = bytes.getInt();
        bytes.getShort();
        List<Reading> readings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            readings.add(new Reading(device, bytes.getLong(), bytes.getFloat(), bytes.getFloat()));
        }
        return new Report(device, readings);
    }
}
