package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.TransportException;
import io.msgtrans.reactive.spi.Framing;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;

/** Feeds bytes to a session, as one read and in pieces: what comes of them must be the same, and no buffer may be left behind. */
final class Reads {

    private static final int EXTENDED = 0x80;
    private static final int BORROWED = 0x40;
    private static final int PIECE = 0x3f;

    private record Outcome(List<String> packets, String error, boolean open) {}

    private Reads() {}

    /** @param data how to read in the first byte: extended, borrowed, length of the pieces; then what is read */
    static void check(Supplier<Framing> framing, byte[] data) {
        if (data.length == 0) {
            return;
        }
        boolean extended = (data[0] & EXTENDED) != 0;
        boolean borrowed = (data[0] & BORROWED) != 0;
        Outcome whole = read(framing.get(), data, data.length, borrowed, extended);
        Outcome pieces = read(framing.get(), data, 1 + (data[0] & PIECE), borrowed, extended);
        if (!extended) { // what answers do between two reads decides what a later frame of their stream means
            assertThat(pieces).isEqualTo(whole);
        }
    }

    private static Outcome read(Framing framing, byte[] data, int piece, boolean borrowed, boolean extended) {
        Decoding decoding = new Decoding(framing, SessionOptions.DEFAULTS, borrowed, extended);
        for (int from = 1; from < data.length && decoding.channel.isOpen(); from += piece) {
            decoding.read(data, from, Math.min(data.length, from + piece));
        }
        Throwable error = decoding.error;
        assertThat(error == null || error instanceof TransportException)
                .as("%s", error)
                .isTrue();
        Outcome outcome = new Outcome(
                decoding.packets.stream()
                        .map(Packet::toBytes)
                        .map(HexFormat.of()::formatHex)
                        .toList(),
                error == null ? "" : error.getClass().getSimpleName(),
                decoding.channel.isOpen());
        decoding.close();
        assertThat(decoding.holdsReads()).as("buffers held behind the end").isFalse();
        return outcome;
    }
}
