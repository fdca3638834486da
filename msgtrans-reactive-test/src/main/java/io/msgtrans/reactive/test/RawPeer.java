package io.msgtrans.reactive.test;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A peer of raw bytes over a plain socket: it sends what no well-behaved one would. Every read waits 10 s at most. For the other side there
 * is {@link RawServer}.
 */
public final class RawPeer implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;
    private static final byte[] MASK = {1, 2, 3, 4};

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;

    private RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /** One that a server has accepted. */
    static RawPeer of(Socket accepted) throws IOException {
        return new RawPeer(accepted);
    }

    /** Opens a TCP connection to the host and port of a URI. */
    public static RawPeer connect(URI uri) throws IOException {
        return new RawPeer(new Socket(uri.getHost(), uri.getPort()));
    }

    /** Opens a connection and makes the WebSocket upgrade by hand. */
    public static RawPeer upgrade(URI uri, String path) throws IOException {
        RawPeer peer = connect(uri);
        String answer = peer.http("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        if (!answer.startsWith("HTTP/1.1 101 ")) {
            peer.close();
            throw new IOException("not upgraded: " + answer.lines().findFirst().orElse(""));
        }
        return peer;
    }

    /** Sends an HTTP request and gives the head of the answer. */
    public String http(String request) throws IOException {
        send(request.getBytes(StandardCharsets.US_ASCII));
        return readHead();
    }

    /** Reads the head of an HTTP message, its empty line included. */
    public String readHead() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        return head.toString();
    }

    /** Sends bytes as they are. */
    public void send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** Sends bytes given in hex. */
    public void sendHex(String hex) throws IOException {
        send(HexFormat.of().parseHex(hex));
    }

    /** Sends one unmasked frame of less than 64 KiB, as servers do, with this first byte (FIN, RSV, opcode). */
    public void sendUnmasked(int first, byte[] payload) throws IOException {
        boolean isShort = payload.length < 126;
        byte[] frame = new byte[(isShort ? 2 : 4) + payload.length];
        frame[0] = (byte) first;
        frame[1] = (byte) (isShort ? payload.length : 126);
        if (!isShort) {
            frame[2] = (byte) (payload.length >>> 8);
            frame[3] = (byte) payload.length;
        }
        System.arraycopy(payload, 0, frame, frame.length - payload.length, payload.length);
        send(frame);
    }

    /** Sends one masked frame of less than 64 KiB with this first byte (FIN, RSV, opcode). */
    public void sendFrame(int first, byte[] payload) throws IOException {
        int extended = payload.length < 126 ? 0 : 2;
        byte[] frame = new byte[2 + extended + 4 + payload.length];
        frame[0] = (byte) first;
        frame[1] = (byte) (0x80 | (extended == 0 ? payload.length : 126));
        if (extended > 0) {
            frame[2] = (byte) (payload.length >>> 8);
            frame[3] = (byte) payload.length;
        }
        System.arraycopy(MASK, 0, frame, 2 + extended, 4);
        for (int i = 0; i < payload.length; i++) {
            frame[6 + extended + i] = (byte) (payload[i] ^ MASK[i & 3]);
        }
        send(frame);
    }

    /** Reads so many bytes, as hex. */
    public String readHex(int count) throws IOException {
        return HexFormat.of().formatHex(in.readNBytes(count));
    }

    /** Reads one unmasked frame of less than 64 KiB: its first byte, then its payload. */
    public byte[] readFrame() throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        if (length == 126) {
            length = in.readUnsignedShort();
        }
        byte[] frame = new byte[1 + length];
        frame[0] = (byte) first;
        in.readFully(frame, 1, length);
        return frame;
    }

    /** Whether the other side closes, by an end of stream or a reset, and sends nothing before. */
    public boolean isClosedByPeer() throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
