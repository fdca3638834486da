package io.msgtrans.reactive.admission;

import io.msgtrans.reactive.Packet;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server knows of a peer that wants to come in.
 *
 * @param scheme the transport
 * @param remoteAddress the peer
 * @param path of the WebSocket upgrade; empty on other transports
 * @param headers of the WebSocket upgrade, names in lower case; empty on other transports
 * @param certificates that the peer proved to own, its own first; empty without mutual TLS
 * @param firstPacket its first packet, when it is waited for
 */
public record Handshake(
        String scheme,
        SocketAddress remoteAddress,
        String path,
        Map<String, List<String>> headers,
        List<X509Certificate> certificates,
        @Nullable Packet firstPacket) {

    /** The first value of a header, or {@code null}. */
    public @Nullable String header(String name) {
        List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
        return values == null || values.isEmpty() ? null : values.get(0);
    }

    /** Without headers, which may hold secrets, and the packet. */
    @Override
    public String toString() {
        return "Handshake[" + scheme + " " + remoteAddress + " " + path + "]";
    }
}
