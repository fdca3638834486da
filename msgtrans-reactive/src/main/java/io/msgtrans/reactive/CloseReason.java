package io.msgtrans.reactive;

/**
 * Why a session ended.
 *
 * @param kind who or what ended it
 * @param code the close code in the terms of WebSocket (RFC 6455 §7.4), also where the transport carries none
 * @param message for people; may be empty
 */
public record CloseReason(Kind kind, int code, String message) {

    /** Who or what ended the session. */
    public enum Kind {
        /** This side called close or dispose. */
        LOCAL,
        /** The peer closed in an orderly way. */
        PEER,
        /** This side is shutting down. */
        DRAINED,
        /** Nothing arrived for the idle time-out. */
        IDLE,
        /** The peer gave no sign of life, not even when asked; see {@code HeartbeatOptions}. */
        UNRESPONSIVE,
        /** The peer broke a rule. */
        PROTOCOL,
        /** The connection broke, or a handler or subscriber failed. */
        ERROR
    }

    /** Closed by this side, normally (1000). */
    public static final CloseReason NORMAL = new CloseReason(Kind.LOCAL, 1000, "");

    /** This side goes away (1001). */
    public static final CloseReason GOING_AWAY = new CloseReason(Kind.DRAINED, 1001, "server shutdown");

    /** Closed by the peer without a code (1005). */
    public static final CloseReason PEER_CLOSED = new CloseReason(Kind.PEER, 1005, "closed by peer");

    public CloseReason {
        if (code < 1000 || code > 4999) {
            throw new IllegalArgumentException("close code " + code + " is outside 1000..4999");
        }
        if (message.length() > 120) {
            message = message.substring(0, 120);
        }
    }

    /** Closed by this side with a code of the application (4000..4999, or 1000) and a text for the peer. */
    public static CloseReason of(int code, String message) {
        return new CloseReason(Kind.LOCAL, code, message);
    }

    /** Whether the end was orderly, so that {@code receive()} completes instead of failing. */
    public boolean isOrderly() {
        return kind != Kind.PROTOCOL && kind != Kind.ERROR && kind != Kind.UNRESPONSIVE;
    }

    @Override
    public String toString() {
        return kind + " " + code + (message.isEmpty() ? "" : " " + message);
    }
}
