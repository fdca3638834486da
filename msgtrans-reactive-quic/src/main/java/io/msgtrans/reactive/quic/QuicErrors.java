package io.msgtrans.reactive.quic;

import io.netty.handler.codec.quic.QuicClosedChannelException;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What a connection that was refused or broken was about, and which option mends it. */
final class QuicErrors {

    // TLS alerts (RFC 8446 §6), which QUIC carries as 0x100 plus the alert (RFC 9001 §4.8).
    private static final int HANDSHAKE_FAILURE = 40;
    private static final int BAD_CERTIFICATE = 42;
    private static final int CERTIFICATE_EXPIRED = 45;
    private static final int CERTIFICATE_UNKNOWN = 46;
    private static final int UNKNOWN_CA = 48;
    private static final int UNRECOGNIZED_NAME = 112;
    private static final int CERTIFICATE_REQUIRED = 116;
    private static final int NO_APPLICATION_PROTOCOL = 120;

    private QuicErrors() {}

    /** The cause of a failed connect, in words that say what to do. */
    static Throwable explain(Throwable cause) {
        if (cause instanceof QuicClosedChannelException closed && closed.event() != null) {
            return new IOException(describe(closed.event()), cause);
        }
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        if (message.contains("NO_APPLICATION_PROTOCOL")) {
            return explained(alert(NO_APPLICATION_PROTOCOL), cause);
        }
        return message.contains("TLS_FAIL")
                ? explained(
                        "the server's certificate is not trusted, or is for another name (options trust, "
                                + "pinnedCertificate, serverName)",
                        cause)
                : cause;
    }

    /** Not as a cause, whose message would be shown instead. */
    private static IOException explained(String message, Throwable original) {
        IOException explained = new IOException(message);
        explained.addSuppressed(original);
        return explained;
    }

    static String describe(QuicConnectionCloseEvent close) {
        String reason = reason(close);
        String what = close.isTlsError()
                ? alert(QuicConnectionCloseEvent.extractTlsError(close.error()))
                : (close.isApplicationClose() ? "closed by the peer with code " : "QUIC error 0x")
                        + Integer.toHexString(close.error());
        return reason.isBlank() ? what : what + ": " + reason;
    }

    /** What the peer said when it closed; empty when it said nothing. */
    static String reason(QuicConnectionCloseEvent close) {
        try {
            return new String(close.reason(), StandardCharsets.UTF_8);
        } catch (NullPointerException absent) { // Netty clones the bytes without asking whether there are any
            return "";
        }
    }

    private static String alert(int alert) {
        return switch (alert) {
            case NO_APPLICATION_PROTOCOL ->
                "no common application protocol (ALPN; option " + QuicOptions.ALPN + " of both sides)";
            case CERTIFICATE_REQUIRED -> "the server asks for a certificate (option certificate of the client)";
            case BAD_CERTIFICATE, CERTIFICATE_UNKNOWN, UNKNOWN_CA, CERTIFICATE_EXPIRED ->
                "the peer does not accept the certificate (option certificate here, trust there), TLS alert " + alert;
            case UNRECOGNIZED_NAME -> "the server does not know the name (option serverName), TLS alert " + alert;
            case HANDSHAKE_FAILURE -> "the TLS handshake failed, TLS alert " + alert;
            default -> "TLS alert " + alert;
        };
    }
}
