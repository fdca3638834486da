package io.msgtrans.reactive.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A server of raw bytes on the loopback interface, for what clients make of servers that misbehave: a script says what is done with each
 * connection, as {@link RawPeer} does for the other side.
 *
 * <pre>
 *   try (RawServer server = RawServer.tcp(peer -&gt; peer.sendHex("ffff"))) {
 *       TransportClient.create(server.uri().toString())...
 * </pre>
 */
public final class RawServer implements AutoCloseable {

    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3

    /** What is done with a connection; it is closed behind that. */
    @FunctionalInterface
    public interface Script {
        /** Speaks to a client, on a thread of its own. */
        void with(RawPeer peer) throws IOException;
    }

    private final String scheme;
    private final Script script;
    private final ServerSocket listening;
    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "raw-server");
        thread.setDaemon(true);
        return thread;
    });

    private RawServer(String scheme, Script script) throws IOException {
        this.scheme = scheme;
        this.script = script;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    /** A server whose script begins with the first byte. */
    public static RawServer tcp(Script script) throws IOException {
        return new RawServer("tcp", script);
    }

    /** A server whose script begins behind a proper WebSocket upgrade. */
    public static RawServer webSocket(Script script) throws IOException {
        return new RawServer("ws", peer -> {
            upgrade(peer);
            script.with(peer);
        });
    }

    private static void upgrade(RawPeer peer) throws IOException {
        String key = peer.readHead()
                .lines()
                .filter(line -> line.regionMatches(true, 0, "sec-websocket-key:", 0, 18))
                .map(line -> line.substring(18).strip())
                .findFirst()
                .orElseThrow(() -> new IOException("an upgrade without Sec-WebSocket-Key"));
        peer.send(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + accept(key) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }

    /** The answer to a key, RFC 6455 §4.2.2. */
    public static String accept(String key) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every JDK has SHA-1", never);
        }
    }

    /** Where clients find it. */
    public URI uri() {
        return URI.create(scheme + "://127.0.0.1:" + listening.getLocalPort());
    }

    private Void accept() throws IOException {
        while (!listening.isClosed()) {
            RawPeer peer = RawPeer.of(listening.accept());
            start(() -> {
                try (peer) {
                    script.with(peer);
                }
                return null;
            });
        }
        return null;
    }

    private void start(Callable<Void> work) {
        Future<Void> started = threads.submit(work); // ends with an error when the client or the server closes
        if (started.isCancelled()) {
            throw new IllegalStateException("the server is closed");
        }
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        threads.shutdownNow();
    }
}
