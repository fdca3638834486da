package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.tcp.PlainFraming;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Any packets, read in pieces of any size, are the packets that were written. */
class DecodingPropertyTest {

    @Provide
    Arbitrary<Packet> packets() {
        Arbitrary<byte[]> payload = Arbitraries.bytes().array(byte[].class).ofMaxSize(300);
        Arbitrary<byte[]> extHeader = Arbitraries.bytes().array(byte[].class).ofMaxSize(40);
        return Combinators.combine(
                        Arbitraries.of(PacketType.ONE_WAY, PacketType.REQUEST),
                        Arbitraries.integers().between(0, 255),
                        Arbitraries.longs().between(1, 0xFFFF_FFFFL),
                        Arbitraries.integers().between(0, 0xFFFF),
                        extHeader,
                        payload)
                .as((type, biz, id, flags, ext, bytes) -> Packet.builder(type)
                        .bizType(biz)
                        .messageId(id)
                        .flags(flags)
                        .extHeader(ext)
                        .payload(bytes)
                        .build());
    }

    @Property
    void whatIsWrittenIsRead(
            @ForAll("packets") Packet first,
            @ForAll @Size(max = 12) List<@From("packets") Packet> more,
            @ForAll @IntRange(min = 1, max = 700) int piece,
            @ForAll boolean borrowed) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(first.toBytes());
        more.forEach(packet -> bytes.writeBytes(packet.toBytes()));
        byte[] written = bytes.toByteArray();
        Decoding decoding = new Decoding(new PlainFraming(SessionOptions.DEFAULTS), SessionOptions.DEFAULTS, borrowed);
        for (int from = 0; from < written.length; from += piece) {
            decoding.read(written, from, Math.min(written.length, from + piece));
        }
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        decoding.packets.forEach(packet -> read.writeBytes(packet.toBytes()));
        assertThat(read.toByteArray()).isEqualTo(written);
        decoding.close();
        assertThat(decoding.holdsReads()).isFalse();
    }

    /** Reads end anywhere in a packet, and are parked when there is no demand. */
    @Property(tries = 200)
    void longReadsAreReadWhateverTheDemand(
            @ForAll @Size(min = 1, max = 40) List<@IntRange(max = 70_000) Integer> lengths,
            @ForAll @IntRange(min = 1_000, max = 300_000) int readBytes,
            @ForAll @IntRange(min = 1, max = 20) int demand,
            @ForAll boolean borrowed) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < lengths.size(); i++) {
            byte[] payload = new byte[lengths.get(i)];
            Arrays.fill(payload, (byte) i);
            bytes.writeBytes(Packet.oneWay(payload).withMessageId(i).toBytes());
        }
        byte[] written = bytes.toByteArray();
        SessionOptions options = SessionOptions.DEFAULTS.inboundPackets(2);
        Decoding decoding = Decoding.withoutDemand(new PlainFraming(options), options, borrowed);
        for (int from = 0; from < written.length; from += readBytes) {
            decoding.read(written, from, Math.min(written.length, from + readBytes));
            decoding.request(demand);
        }
        decoding.request(lengths.size());
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        decoding.packets.forEach(packet -> read.writeBytes(packet.toBytes()));
        assertThat(read.toByteArray()).isEqualTo(written);
        decoding.close();
        assertThat(decoding.holdsReads()).isFalse();
    }
}
