package io.msgtrans.reactive;

/** What a packet is for. */
public enum PacketType {
    /** Expects no answer. */
    ONE_WAY(0),
    /** Expects exactly one response with the same message id. */
    REQUEST(1),
    /** Answers the request whose message id it repeats. */
    RESPONSE(2);

    private final int code;

    PacketType(int code) {
        this.code = code;
    }

    /** The value on the wire. */
    public int code() {
        return code;
    }
}
