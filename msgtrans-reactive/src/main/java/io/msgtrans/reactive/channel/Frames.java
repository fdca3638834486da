package io.msgtrans.reactive.channel;

import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PeerException;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The frames of the wire extensions x1, see {@code docs/wire-extensions.md}. */
final class Frames {

    static final int FIRST = 16;
    static final int LAST = 31;

    static final int OPEN = 16;
    static final int ITEM = 17;
    static final int CREDIT = 18;
    static final int COMPLETE = 19;
    static final int ERROR = 20;
    static final int CANCEL = 21;
    static final int REQUEST_ERROR = 22;
    static final int REQUEST_CANCEL = 23;
    /** A request whose extension header begins with metadata. */
    static final int REQUEST = 24;
    /** Asks for a sign of life: token, interval in ms. */
    static final int PING = 25;
    /** A sign of life: token, load. */
    static final int PONG = 26;
    /** The last frame, on transports that have no other way to say why. */
    static final int CLOSE = 27;

    /** Of OPEN: who sends items. */
    static final int FLAG_OPENER_SENDS = 0x0010;

    static final int FLAG_OTHER_SENDS = 0x0020;
    /** Of OPEN: the other side sends exactly one. */
    static final int FLAG_SINGLE = 0x0040;
    /** Of OPEN: metadata lies behind the credit. */
    static final int FLAG_METADATA = 0x0080;
    /** Of ITEM. */
    static final int FLAG_LAST = 0x0010;

    static final int FLAG_CONTINUED = 0x0020;

    /** All flags that belong to frames; what an application sets there is not sent. */
    static final int FLAGS = FLAG_OPENER_SENDS | FLAG_OTHER_SENDS | FLAG_SINGLE | FLAG_METADATA;

    static final int CREDIT_BYTES = 4;
    /** Credits from here on are without bound. */
    static final int UNBOUNDED = Integer.MAX_VALUE;

    private Frames() {}

    /** The payload of an ERROR, REQUEST_ERROR or CLOSE. */
    static byte[] error(int code, String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + text.length)
                .putInt(code)
                .put(text)
                .array();
    }

    /** What an ERROR, REQUEST_ERROR or CLOSE says. */
    static PeerException error(Packet packet) {
        byte[] payload = packet.payload();
        if (payload.length < Integer.BYTES) {
            throw new ProtocolException(Rule.MALFORMED, "error frame with " + payload.length + " bytes");
        }
        return new PeerException(
                ByteBuffer.wrap(payload).getInt(),
                new String(payload, Integer.BYTES, payload.length - Integer.BYTES, StandardCharsets.UTF_8));
    }
}
