package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.TransportServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The cases of the Autobahn test suite for servers, by its published numbers: frames, pings, reserved bits and opcodes, fragments, close
 * handshakes and codes, large messages. Messages are binary and hold a packet, as nothing else is a message here; its cases of text and UTF-8
 * (6) come down to one policy, see {@code WebSocketOptionsTest}, and those of compression (12, 13) to an extension that is not agreed on.
 */
@ExtendWith(LeakCheck.class)
class WebSocketConformanceTest {

    private static final int FIN = 0x80;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final byte[] NONE = {};
    private static final byte[] MASK = {0x37, (byte) 0xfa, 0x21, 0x3d};

    private final List<DynamicTest> tests = new ArrayList<>();

    private static byte[] packet(int length) {
        byte[] payload = new byte[length - Packet.HEADER_BYTES];
        Arrays.fill(payload, (byte) '*');
        return Packet.oneWay(payload).toBytes();
    }

    /** A masked frame. */
    private static byte[] frame(int first, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first);
        if (payload.length < 126) {
            out.write(0x80 | payload.length);
        } else if (payload.length < 65_536) {
            out.write(0x80 | 126);
            out.writeBytes(
                    ByteBuffer.allocate(2).putShort((short) payload.length).array());
        } else {
            out.write(0x80 | 127);
            out.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
        }
        out.writeBytes(MASK);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ MASK[i & 3]);
        }
        return out.toByteArray();
    }

    private static byte[] close(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 + text.length)
                .putShort((short) code)
                .put(text)
                .array();
    }

    /** A frame that the server must send; of a close frame only the code counts. */
    private record Expected(int first, ByteBuffer payload) {}

    private static Expected echo(byte[] packet) {
        return new Expected(FIN | BINARY, ByteBuffer.wrap(packet));
    }

    private static Expected pong(byte[] payload) {
        return new Expected(FIN | PONG, ByteBuffer.wrap(payload));
    }

    private static Expected closed(int code) {
        return new Expected(FIN | CLOSE, ByteBuffer.allocate(2).putShort(0, (short) code));
    }

    private static final Expected CLOSED_WITHOUT_CODE = new Expected(FIN | CLOSE, ByteBuffer.wrap(NONE));
    private static final Expected FAILED = closed(1002);

    /** A case: what the client sends, in chops of so many bytes (0 for frames as they are), and what it gets before the end. */
    private void add(String id, int chop, List<byte[]> frames, Expected... expected) {
        tests.add(DynamicTest.dynamicTest(id, () -> run(chop, frames, expected)));
    }

    private void run(int chop, List<byte[]> frames, Expected... expected) throws IOException {
        BoundServer server = TransportServer.create()
                .listen("ws://127.0.0.1:0")
                .handle(TransportContract::echo)
                .bindNow();
        try (RawPeer peer = RawPeer.upgrade(server.uri(), "/")) {
            Thread sender = new Thread(() -> send(peer, chop, frames), "sender");
            sender.start();
            for (Expected frame : expected) {
                byte[] read = peer.readFrame();
                assertThat(read[0] & 0xff).as("first byte of a frame").isEqualTo(frame.first);
                boolean closing = frame.first == (FIN | CLOSE);
                int end = closing ? Math.min(3, read.length) : read.length;
                assertThat(ByteBuffer.wrap(read, 1, end - 1).slice()).isEqualTo(frame.payload);
            }
            if (expected.length > 0 && expected[expected.length - 1].first == (FIN | CLOSE)) {
                assertThat(peer.isClosedByPeer()).isTrue();
            }
            sender.join(TransportContract.LIMIT.toMillis());
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
        serves(server.uri());
        TransportContract.stop(server);
    }

    private static void send(RawPeer peer, int chop, List<byte[]> frames) {
        try {
            for (byte[] frame : frames) {
                for (int from = 0; from < frame.length; from += chop == 0 ? frame.length : chop) {
                    peer.send(Arrays.copyOfRange(
                            frame, from, chop == 0 ? frame.length : Math.min(frame.length, from + chop)));
                }
            }
        } catch (IOException closed) {
            // by a server that had seen enough
        }
    }

    private static void serves(URI uri) throws IOException {
        byte[] hello = packet(20);
        try (RawPeer other = RawPeer.upgrade(uri, "/")) {
            other.send(frame(FIN | BINARY, hello));
            assertThat(other.readFrame()).endsWith(hello);
        }
    }

    @TestFactory
    Stream<DynamicTest> cases() {
        messages();
        pings();
        reserved();
        fragments();
        closes();
        closeCodes();
        large();
        return tests.stream();
    }

    private void messages() {
        int[] lengths = {16, 125, 126, 127, 128, 65_535};
        for (int i = 0; i < lengths.length; i++) {
            byte[] packet = packet(lengths[i]);
            add("1.2." + (i + 1), 0, List.of(frame(FIN | BINARY, packet)), echo(packet));
        }
        add("1.2.8", 997, List.of(frame(FIN | BINARY, packet(65_535))), echo(packet(65_535)));
    }

    private void pings() {
        byte[] hello = "Hello, world!".getBytes(StandardCharsets.US_ASCII);
        byte[] binary = {0, (byte) 0xff, (byte) 0xfe, (byte) 0xfd, (byte) 0xfc, (byte) 0xfb, 0, (byte) 0xff};
        byte[] full = new byte[125];
        Arrays.fill(full, (byte) 0xfe);
        byte[] packet = packet(30);
        add("2.1", 0, List.of(frame(FIN | PING, NONE)), pong(NONE));
        add("2.2", 0, List.of(frame(FIN | PING, hello)), pong(hello));
        add("2.3", 0, List.of(frame(FIN | PING, binary)), pong(binary));
        add("2.4", 0, List.of(frame(FIN | PING, full)), pong(full));
        add("2.5", 0, List.of(frame(FIN | PING, new byte[126])), FAILED);
        add("2.6", 1, List.of(frame(FIN | PING, full)), pong(full));
        add("2.7", 0, List.of(frame(FIN | PONG, NONE), frame(FIN | BINARY, packet)), echo(packet));
        add("2.8", 0, List.of(frame(FIN | PONG, hello), frame(FIN | BINARY, packet)), echo(packet));
        add("2.9", 0, List.of(frame(FIN | PONG, hello), frame(FIN | PING, hello)), pong(hello));
        List<byte[]> ten = IntStream.range(0, 10)
                .mapToObj(i -> frame(FIN | PING, ("payload-" + i).getBytes(StandardCharsets.US_ASCII)))
                .toList();
        Expected[] pongs = IntStream.range(0, 10)
                .mapToObj(i -> pong(("payload-" + i).getBytes(StandardCharsets.US_ASCII)))
                .toArray(Expected[]::new);
        add("2.10", 0, ten, pongs);
        add("2.11", 1, ten, pongs);
    }

    private void reserved() {
        byte[] packet = packet(30);
        byte[] good = frame(FIN | BINARY, packet);
        add("3.1", 0, List.of(frame(FIN | 0x40 | BINARY, packet)), FAILED);
        add("3.2", 0, List.of(good, frame(FIN | 0x20 | BINARY, packet), frame(FIN | PING, NONE)), echo(packet), FAILED);
        add("3.3", 0, List.of(good, frame(FIN | 0x30 | BINARY, packet)), echo(packet), FAILED);
        add("3.4", 1, List.of(good, frame(FIN | 0x40 | BINARY, packet)), echo(packet), FAILED);
        add("3.5", 0, List.of(frame(FIN | 0x50 | BINARY, packet)), FAILED);
        add("3.6", 0, List.of(frame(FIN | 0x60 | PING, NONE)), FAILED);
        add("3.7", 0, List.of(frame(FIN | 0x70 | CLOSE, NONE)), FAILED);
        for (int i = 0; i < 5; i++) {
            int chop = i == 3 ? 1 : 0;
            add("4.1." + (i + 1), chop, List.of(good, frame(FIN | 3 + i, NONE)), echo(packet), FAILED);
            add("4.2." + (i + 1), chop, List.of(good, frame(FIN | 11 + i, NONE)), echo(packet), FAILED);
        }
    }

    private void fragments() {
        byte[] packet = packet(60);
        byte[] head = Arrays.copyOf(packet, 23);
        byte[] tail = Arrays.copyOfRange(packet, 23, 60);
        byte[] ping = frame(FIN | PING, head);
        byte[] begin = frame(BINARY, head);
        byte[] end = frame(FIN | CONTINUATION, tail);
        add("5.1", 0, List.of(frame(PING, head), frame(FIN | CONTINUATION, tail)), FAILED);
        add("5.2", 0, List.of(frame(PONG, head), frame(FIN | CONTINUATION, tail)), FAILED);
        for (int chop = 0; chop < 3; chop++) {
            add("5." + (3 + chop), chop, List.of(begin, end), echo(packet));
            add("5." + (6 + chop), chop, List.of(begin, ping, end), pong(head), echo(packet));
            add("5." + (9 + chop), chop, List.of(end, frame(FIN | BINARY, packet)), FAILED);
            add("5." + (12 + chop), chop, List.of(frame(CONTINUATION, head), end), FAILED);
        }
        add("5.15", 0, List.of(begin, end, frame(CONTINUATION, head), end), echo(packet), FAILED);
        add("5.16", 0, List.of(frame(CONTINUATION, head), begin, end), FAILED);
        add("5.17", 0, List.of(frame(FIN | CONTINUATION, head), begin, end), FAILED);
        add("5.18", 0, List.of(begin, frame(FIN | BINARY, tail)), FAILED);
        List<byte[]> five = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            int first = (i == 0 ? BINARY : CONTINUATION) | (i == 4 ? FIN : 0);
            five.add(frame(first, Arrays.copyOfRange(packet, i * 12, i * 12 + 12)));
            five.add(ping);
        }
        Expected[] expected = {pong(head), pong(head), pong(head), pong(head), echo(packet), pong(head)};
        add("5.19", 0, five, expected);
        add("5.20", 1, five, expected);
    }

    private void closes() {
        byte[] packet = packet(60);
        byte[] message = frame(FIN | BINARY, packet);
        byte[] normal = frame(FIN | CLOSE, close(1000, ""));
        add("7.1.1", 0, List.of(message, normal), echo(packet), closed(1000));
        add("7.1.2", 0, List.of(normal, normal), closed(1000));
        add("7.1.3", 0, List.of(normal, frame(FIN | PING, NONE)), closed(1000));
        add("7.1.4", 0, List.of(normal, message), closed(1000));
        byte[] begin = frame(BINARY, Arrays.copyOf(packet, 20));
        add("7.1.5", 0, List.of(begin, normal, frame(FIN | CONTINUATION, packet)), closed(1000));
        add("7.3.1", 0, List.of(frame(FIN | CLOSE, NONE)), CLOSED_WITHOUT_CODE);
        add("7.3.2", 0, List.of(frame(FIN | CLOSE, new byte[1])), FAILED);
        add("7.3.3", 0, List.of(normal), closed(1000));
        add("7.3.4", 0, List.of(frame(FIN | CLOSE, close(1000, "Hello World!"))), closed(1000));
        add("7.3.5", 0, List.of(frame(FIN | CLOSE, close(1000, "*".repeat(123)))), closed(1000));
        add("7.3.6", 0, List.of(frame(FIN | CLOSE, close(1000, "*".repeat(124)))), FAILED);
        byte[] noText = {
            3, (byte) 0xe8, (byte) 0xce, (byte) 0xba, (byte) 0xe1, (byte) 0xbd, (byte) 0xb9, (byte) 0xed, (byte) 0xa0
        };
        add("7.5.1", 0, List.of(frame(FIN | CLOSE, noText)), closed(1007));
    }

    private void closeCodes() {
        int[] valid = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999};
        for (int i = 0; i < valid.length; i++) {
            add("7.7." + (i + 1), 0, List.of(frame(FIN | CLOSE, close(valid[i], ""))), closed(valid[i]));
        }
        int[] invalid = {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999};
        for (int i = 0; i < invalid.length; i++) {
            add("7.9." + (i + 1), 0, List.of(frame(FIN | CLOSE, close(invalid[i], ""))), FAILED);
        }
        add("7.13.1", 0, List.of(frame(FIN | CLOSE, close(5000, ""))), FAILED);
        add("7.13.2", 0, List.of(frame(FIN | CLOSE, close(65_535, ""))), FAILED);
    }

    private void large() {
        byte[] packet = packet(65_535);
        int[] pieces = {64, 256, 1024, 4096, 16_384};
        for (int i = 0; i < pieces.length; i++) {
            int piece = pieces[i];
            List<byte[]> frames = new ArrayList<>();
            for (int from = 0; from < packet.length; from += piece) {
                int to = Math.min(packet.length, from + piece);
                int first = (from == 0 ? BINARY : CONTINUATION) | (to == packet.length ? FIN : 0);
                frames.add(frame(first, Arrays.copyOfRange(packet, from, to)));
            }
            add("9.4." + (i + 1), 0, frames, echo(packet));
            add("9.6." + (i + 1), piece, List.of(frame(FIN | BINARY, packet)), echo(packet));
        }
        byte[] tooLarge = frame(FIN | BINARY, new byte[17 << 20]);
        add("9.2.6, above the limit", 1 << 20, List.of(tooLarge), closed(1009));
        List<byte[]> thirteen = new ArrayList<>();
        for (int from = 0; from < packet.length; from += 1300) {
            int to = Math.min(packet.length, from + 1300);
            int first = (from == 0 ? BINARY : CONTINUATION) | (to == packet.length ? FIN : 0);
            thirteen.add(frame(first, Arrays.copyOfRange(packet, from, to)));
        }
        add("10.1.1", 0, thirteen, echo(packet));
        byte[] text = "Hello-µ@ßöäüàá-UTF-8!!".getBytes(StandardCharsets.UTF_8);
        add("6.2.1, skipped", 0, List.of(frame(FIN | TEXT, text), frame(FIN | PING, NONE)), pong(NONE));
        add("6.3.1", 0, List.of(frame(FIN | TEXT, new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80})), closed(1007));
    }
}
