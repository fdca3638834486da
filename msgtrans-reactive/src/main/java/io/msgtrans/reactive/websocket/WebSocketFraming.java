package io.msgtrans.reactive.websocket;

import io.msgtrans.reactive.CloseReason;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.PacketType;
import io.msgtrans.reactive.ProtocolException;
import io.msgtrans.reactive.ProtocolException.Rule;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.spi.FrameSink;
import io.msgtrans.reactive.spi.Framing;
import io.msgtrans.reactive.wire.DirectMemory;
import io.msgtrans.reactive.wire.Masking;
import io.msgtrans.reactive.wire.PacketHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * WebSocket frames after the upgrade (RFC 6455 §5), one packet in a binary message.
 *
 * <pre>
 *   | FIN RSV opcode | MASK length 7 | length 16 or 64, if 126 or 127 | masking key 4, if MASK | payload |
 * </pre>
 *
 * <p>Written here instead of using Netty's frame codec because packets go into the session's batch with their frame
 * header, and come out of a read as views, without an object per frame.
 */
public final class WebSocketFraming implements Framing {

    /** 16 MiB less the packet's header: what Rust peers accept in a frame. */
    public static final int DEFAULT_MAX_PAYLOAD = (16 << 20) - Packet.HEADER_BYTES;

    private static final int FIN = 0x80;
    private static final int RSV = 0x70;
    private static final int MASKED = 0x80;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_CONTROL_BYTES = 125;
    /** A longer message has its length in bytes of its own, behind the first two. */
    private static final int MAX_SHORT_BYTES = 125;

    private final boolean client;
    private final int maxPayload;
    private final int maxMessage;
    private final boolean ignoreTrailing;
    private final boolean lenient;
    private final TextMessages textMessages;
    /** What a client masks with. */
    private final @Nullable SplittableRandom keys;

    /** A message of one frame that this side expects, but for its length. */
    private final int usualStart;

    /** Bytes before its packet, when that is short. */
    private final int usualPrefix;

    private final int usualMost;

    /** The first two bytes of each message of this side, but for its length. */
    private final int ownStart;

    private int maskingKey;

    // The message whose fragments are arriving.
    private int fragmentedOpcode = -1;
    private byte[] fragments = {};
    private int fragmentsLength;

    /**
     * @param client whether this side masks what it sends and expects the peer not to
     * @param options the limits of the session
     * @param textMessages what happens to text
     */
    public WebSocketFraming(boolean client, SessionOptions options, TextMessages textMessages) {
        this.client = client;
        this.maxPayload = options.maxPayloadOr(DEFAULT_MAX_PAYLOAD);
        this.maxMessage = (int) Math.min(
                Integer.MAX_VALUE - 64L, (long) maxPayload + Packet.HEADER_BYTES + Packet.MAX_EXT_HEADER_BYTES);
        this.ignoreTrailing = options.ignoreTrailingBytes();
        this.lenient = options.lenientFrames();
        this.textMessages = textMessages;
        this.keys = client ? new SplittableRandom() : null;
        this.usualStart = (FIN | BINARY) << 8 | (client ? 0 : MASKED);
        this.ownStart = (FIN | BINARY) << 8 | (client ? MASKED : 0);
        this.usualPrefix = client ? 2 : 6;
        this.usualMost = Math.min(MAX_SHORT_BYTES, maxPayload + Packet.HEADER_BYTES);
    }

    // ---- in ----

    @Override
    public int frameLength(ByteBuf in, int index, int available) {
        if (available < 2) {
            return -2;
        }
        int start = in.getUnsignedShort(index); // one access to the buffer, not two: each checks bounds and counts
        int second = start & 0xFF;
        int headerLength = headerLength(second);
        if (available < headerLength) {
            checkStart(start >>> 8, second);
            return -headerLength;
        }
        long payload = payloadLength(in, index, second);
        if (payload < 0 || payload > maxMessage) {
            throw new ProtocolException(
                    Rule.TOO_LARGE,
                    "WebSocket frame of " + Long.toUnsignedString(payload) + " bytes is above the limit " + maxMessage
                            + " (option maxPayload)");
        }
        checkStart(start >>> 8, second);
        return headerLength + (int) payload;
    }

    private static int headerLength(int second) {
        int length = second & 0x7F;
        return 2 + (length < 126 ? 0 : length == 126 ? 2 : 8) + ((second & MASKED) != 0 ? 4 : 0);
    }

    private static long payloadLength(ByteBuf in, int index, int second) {
        int length = second & 0x7F;
        return length < 126 ? length : length == 126 ? in.getUnsignedShort(index + 2) : in.getLong(index + 2);
    }

    private void checkStart(int first, int second) {
        if ((first & RSV) != 0) {
            throw malformed("reserved bits of a frame are set without an extension");
        }
        if (((second & MASKED) != 0) == client) {
            throw malformed(client ? "frame of the server is masked" : "frame of the client is not masked");
        }
        int opcode = first & 0x0F;
        boolean fin = (first & FIN) != 0;
        if (opcode >= CLOSE) {
            if (opcode > PONG) {
                throw malformed("opcode " + opcode + " is reserved");
            }
            if (!fin || (second & 0x7F) > MAX_CONTROL_BYTES) {
                throw malformed("control frame is fragmented or longer than 125 bytes");
            }
        } else if (opcode > BINARY) {
            throw malformed("opcode " + opcode + " is reserved");
        } else if ((opcode == CONTINUATION) != (fragmentedOpcode >= 0)) {
            throw malformed(
                    opcode == CONTINUATION
                            ? "continuation without a message to continue"
                            : "new message within a fragmented one");
        }
    }

    @Override
    public void frame(ByteBuf in, int index, int length, FrameSink sink) {
        int start = in.getUnsignedShort(index);
        int first = start >>> 8;
        int second = start & 0xFF;
        int headerLength = headerLength(second);
        int payloadIndex = index + headerLength;
        int payloadLength = length - headerLength;
        int key = client ? 0 : in.getInt(payloadIndex - 4);
        if (first == (FIN | BINARY)
                && payloadLength >= Packet.HEADER_BYTES
                && payloadLength - Packet.HEADER_BYTES <= maxPayload) {
            message(in, payloadIndex, payloadLength, key, sink);
            return;
        }
        if (!client) {
            Masking.apply(in, payloadIndex, payloadLength, key);
        }
        if (first == (FIN | BINARY)) {
            binary(in, payloadIndex, payloadLength, sink);
        } else if ((first & 0x0F) >= CLOSE) {
            control(first & 0x0F, in, payloadIndex, payloadLength, sink);
        } else {
            data(first, in, payloadIndex, payloadLength, sink);
        }
    }

    /**
     * The usual frame in one go, a packet in a short binary message: each access to the buffer checks bounds and counts. Its first eight
     * bytes hold all that comes before the packet.
     */
    @Override
    public int take(ByteBuf in, int index, int available, FrameSink sink) {
        long first = available < Long.BYTES ? 0 : DirectMemory.word(in, index, Long.BYTES, 0);
        int start = (int) (first >>> 48);
        int messageLength = start & 0x7F;
        int frameLength = usualPrefix + messageLength;
        if (start - messageLength != usualStart
                || messageLength < Packet.HEADER_BYTES
                || messageLength > usualMost
                || frameLength > available
                || fragmentedOpcode >= 0) {
            return takeLonger(in, index, available, first, sink);
        }
        message(in, index + usualPrefix, messageLength, (int) (first >>> 16), sink);
        return frameLength;
    }

    /** The same for a message whose length has 16 bits, and every other frame; apart, so that the usual one stays short. */
    private int takeLonger(ByteBuf in, int index, int available, long first, FrameSink sink) {
        int messageLength = (int) (first >>> 32) & 0xFFFF;
        int frameLength = usualPrefix + 2 + messageLength;
        if ((int) (first >>> 48) != usualStart + 126
                || messageLength < Packet.HEADER_BYTES
                || messageLength - Packet.HEADER_BYTES > maxPayload
                || frameLength > available
                || fragmentedOpcode >= 0) {
            return Framing.super.take(in, index, available, sink);
        }
        message(in, frameLength - messageLength + index, messageLength, (int) first, sink);
        return frameLength;
    }

    @Override
    public int takePlain(ByteBuf in, int from, int end, FrameSink sink) {
        int index = from;
        while (end - index >= Long.BYTES && fragmentedOpcode < 0) {
            long first = DirectMemory.word(in, index, Long.BYTES, 0);
            int start = (int) (first >>> 48) - usualStart;
            boolean isLong = start == MAX_SHORT_BYTES + 1;
            int length = isLong ? (int) (first >>> 32) & 0xFFFF : start;
            int packetIndex = index + usualPrefix + (isLong ? 2 : 0);
            if (start < Packet.HEADER_BYTES
                    || start > MAX_SHORT_BYTES + 1
                    || length - Packet.HEADER_BYTES > maxPayload
                    || length < Packet.HEADER_BYTES
                    || length > end - packetIndex) {
                break;
            }
            int key = client ? 0 : (int) (isLong ? first : first >>> 16);
            long twice = Masking.twice(key);
            long head = DirectMemory.word(in, packetIndex, Packet.HEADER_BYTES, 0) ^ twice;
            long tail = DirectMemory.word(in, packetIndex, Packet.HEADER_BYTES, 8) ^ twice;
            if (PacketHeader.length(tail) != length || !sink.takesPlain(head, tail)) {
                break;
            }
            sink.plainPacket(in, packetIndex, head, tail, key);
            index = packetIndex + length;
        }
        return index;
    }

    /** A binary message in one frame that is long enough for a packet and not too long, still masked when a client sent it. */
    private void message(ByteBuf in, int index, int length, int key, FrameSink sink) {
        long twice = client ? 0 : Masking.twice(key);
        long head = DirectMemory.word(in, index, Packet.HEADER_BYTES, 0) ^ twice;
        long tail = DirectMemory.word(in, index, Packet.HEADER_BYTES, 8) ^ twice;
        if (!PacketHeader.isUsual(head) || PacketHeader.length(tail) != length) {
            if (!client) {
                Masking.apply(in, index, length, key);
            }
            binary(in, index, length, sink);
        } else if (client) {
            sink.packet(in, index, head, tail);
        } else {
            sink.maskedPacket(in, index, head, tail, key);
        }
    }

    private void binary(ByteBuf in, int index, int length, FrameSink sink) {
        try {
            PacketHeader.checkFrame(in, index, length, maxPayload, ignoreTrailing);
        } catch (ProtocolException broken) {
            if (!lenient) {
                throw broken;
            }
            sink.packet(raw(ByteBufUtil.getBytes(in, index, length)));
            return;
        }
        sink.packet(in, index);
    }

    private static Packet raw(byte[] payload) {
        return Packet.builder(PacketType.ONE_WAY).messageId(0).payload(payload).build();
    }

    /** Text, and every fragment. */
    private void data(int first, ByteBuf in, int index, int length, FrameSink sink) {
        int opcode = first & 0x0F;
        boolean fin = (first & FIN) != 0;
        if (fin && opcode == TEXT) {
            text(ByteBufUtil.getBytes(in, index, length), sink);
            return;
        }
        if (opcode != CONTINUATION) {
            fragmentedOpcode = opcode;
        }
        append(in, index, length);
        if (fin) {
            byte[] message = Arrays.copyOf(fragments, fragmentsLength);
            int messageOpcode = fragmentedOpcode;
            fragmentedOpcode = -1;
            fragments = new byte[0];
            fragmentsLength = 0;
            if (messageOpcode == TEXT) {
                text(message, sink);
            } else {
                binary(Unpooled.wrappedBuffer(message), 0, message.length, sink);
            }
        }
    }

    private void append(ByteBuf in, int index, int length) {
        if (fragmentsLength + (long) length > maxMessage) {
            throw new ProtocolException(
                    Rule.TOO_LARGE,
                    "fragmented WebSocket message is above the limit " + maxMessage + " (option maxPayload)");
        }
        if (fragments.length < fragmentsLength + length) {
            fragments = Arrays.copyOf(fragments, Math.max(fragmentsLength + length, fragments.length * 2));
        }
        in.getBytes(index, fragments, fragmentsLength, length);
        fragmentsLength += length;
    }

    private void text(byte[] utf8, FrameSink sink) {
        try {
            var unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
        } catch (CharacterCodingException invalid) {
            throw new ProtocolException(Rule.NOT_TEXT, "WebSocket: text message is not valid UTF-8");
        }
        switch (textMessages) {
            case IGNORE -> sink.ignored();
            case REJECT ->
                throw new ProtocolException(
                        Rule.UNSUPPORTED, "WebSocket: text messages are not accepted (option ws.textMessages)");
            case DELIVER -> sink.packet(raw(utf8));
        }
    }

    private void control(int opcode, ByteBuf in, int index, int length, FrameSink sink) {
        switch (opcode) {
            case PING -> sink.answer(controlFrame(PONG, ByteBufUtil.getBytes(in, index, length)));
            case CLOSE -> close(in, index, length, sink);
            default -> {
                if (length == Long.BYTES) { // else it answers no ping of ours
                    sink.pong(in.getLong(index));
                }
            }
        }
    }

    private void close(ByteBuf in, int index, int length, FrameSink sink) {
        if (length == 1) {
            throw malformed("close frame with half a code");
        }
        if (length == 0) {
            sink.peerCloses(CloseReason.PEER_CLOSED, controlFrame(CLOSE, new byte[0]));
            return;
        }
        int code = in.getUnsignedShort(index);
        if (code < 1000 || code > 4999 || (code > 1003 && code < 1007) || (code > 1014 && code < 3000)) {
            throw malformed("close code " + code + " is not allowed");
        }
        String message = utf8(ByteBufUtil.getBytes(in, index + 2, length - 2));
        byte[] answer = {(byte) (code >>> 8), (byte) code};
        sink.peerCloses(new CloseReason(CloseReason.Kind.PEER, code, message), controlFrame(CLOSE, answer));
    }

    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException invalid) {
            throw new ProtocolException(Rule.NOT_TEXT, "WebSocket: close reason is not valid UTF-8");
        }
    }

    private static ProtocolException malformed(String message) {
        return new ProtocolException(Rule.MALFORMED, "WebSocket: " + message);
    }

    // ---- out ----

    @Override
    public int maxPayload() {
        return maxPayload;
    }

    @Override
    public int prefixLength(long packetLength) {
        return (packetLength < 126 ? 2 : packetLength <= 0xFFFF ? 4 : 10) + (client ? 4 : 0);
    }

    @Override
    public void writePrefix(ByteBuffer out, int index, int packetLength) {
        int key = keys == null ? 0 : keys.nextInt();
        maskingKey = key;
        long start = ownStart;
        // Whole words, as every access to the buffer costs; what they write too far is in the packet's place.
        if (packetLength < 126) {
            out.putLong(index, (start | packetLength) << 48 | (key & 0xFFFFFFFFL) << 16);
        } else if (packetLength <= 0xFFFF) {
            out.putLong(index, (start | 126) << 48 | (long) packetLength << 32 | (key & 0xFFFFFFFFL));
        } else {
            out.putShort(index, (short) (start | 127));
            out.putLong(index + 2, packetLength);
            out.putInt(index + 10, key);
        }
    }

    @Override
    public void finish(ByteBuffer out, int prefixIndex, int packetIndex, int packetLength) {
        if (client) {
            Masking.apply(out, packetIndex, packetLength, maskingKey);
        }
    }

    @Override
    public boolean transformsBytes() {
        return client;
    }

    @Override
    public boolean masksPackets() {
        return client;
    }

    @Override
    public int maskingKey() {
        return maskingKey;
    }

    @Override
    public @Nullable Object sharedKey() {
        return client ? null : WebSocketFraming.class; // a client masks each frame with another key
    }

    @Override
    public @Nullable ByteBuf closeFrame(CloseReason reason) {
        boolean sendable = reason.code() != 1005 && reason.code() != 1006 && reason.code() != 1015;
        byte[] text = reason.message().getBytes(StandardCharsets.UTF_8);
        int textLength = Math.min(text.length, MAX_CONTROL_BYTES - 2);
        while (textLength < text.length && textLength > 0 && (text[textLength] & 0xC0) == 0x80) {
            textLength--; // never cut within a character
        }
        byte[] body = new byte[sendable ? 2 + textLength : 0];
        if (sendable) {
            body[0] = (byte) (reason.code() >>> 8);
            body[1] = (byte) reason.code();
            System.arraycopy(text, 0, body, 2, textLength);
        }
        return controlFrame(CLOSE, body);
    }

    @Override
    public ByteBuf pingFrame(long token) {
        return controlFrame(PING, ByteBuffer.allocate(Long.BYTES).putLong(token).array());
    }

    private ByteBuf controlFrame(int opcode, byte[] payload) {
        ByteBuf frame = Unpooled.buffer(2 + 4 + payload.length);
        frame.writeByte(FIN | opcode).writeByte((client ? MASKED : 0) | payload.length);
        if (keys != null) {
            int key = keys.nextInt();
            frame.writeInt(key);
            int index = frame.writerIndex();
            frame.writeBytes(payload);
            Masking.apply(frame, index, payload.length, key);
        } else {
            frame.writeBytes(payload);
        }
        return frame;
    }
}
