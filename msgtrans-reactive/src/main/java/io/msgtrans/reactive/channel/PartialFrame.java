package io.msgtrans.reactive.channel;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a frame whose rest is still to come.
 *
 * <p>It is gathered in heap memory which grows with what has arrived, to at most four times that, whatever the frame
 * declares; the packet then lies in it without another copy. A large frame for a borrowing subscriber is gathered
 * without a copy as the slices that its reads brought. Event loop only.
 */
final class PartialFrame {

    private static final int FIRST_BYTES = 256;
    private static final int GATHER_BYTES = 16 * 1024;

    private byte @Nullable [] array;
    private @Nullable CompositeByteBuf slices;
    private @Nullable ByteBuf view;
    private int length;
    /** How long the frame is, or minus the bytes needed to know more of it. */
    private int expected;

    boolean isPresent() {
        return length > 0;
    }

    /** Bytes gathered so far. */
    int length() {
        return length;
    }

    void begin(ByteBuf in, int index, int available, int frameLength, boolean borrowing) {
        length = available;
        if (borrowing && frameLength >= GATHER_BYTES && !in.hasArray()) {
            CompositeByteBuf composite = in.alloc().compositeBuffer(Integer.MAX_VALUE);
            composite.addComponent(true, in.retainedSlice(index, available));
            slices = composite;
        } else {
            byte[] bytes = new byte[capacity(frameLength, available)];
            in.getBytes(index, bytes, 0, available);
            use(bytes);
        }
        expected = frameLength;
    }

    private void use(byte[] bytes) {
        array = bytes;
        view = Unpooled.wrappedBuffer(bytes);
    }

    private static int capacity(int frameLength, int arrived) {
        int bound = Math.max(FIRST_BYTES, (int) Math.min(Integer.MAX_VALUE - 8L, arrived * 4L));
        return frameLength > 0 ? Math.max(arrived, Math.min(frameLength, bound)) : Math.max(arrived, FIRST_BYTES);
    }

    /** Takes what the frame still needs, or what is needed to know its length; gives the bytes taken. */
    int append(ByteBuf in, int index, int available) {
        int wanted = Math.abs(expected) - length;
        int taken = Math.min(wanted, available);
        CompositeByteBuf composite = slices;
        if (composite != null) {
            composite.addComponent(true, in.retainedSlice(index, taken));
        } else {
            grow(length + taken);
            byte[] bytes = array;
            if (bytes != null) {
                in.getBytes(index, bytes, length, taken);
            }
        }
        length += taken;
        return taken;
    }

    private void grow(int needed) {
        byte[] bytes = array;
        if (bytes != null && bytes.length < needed) {
            byte[] larger = new byte[capacity(expected, needed)];
            System.arraycopy(bytes, 0, larger, 0, length);
            use(larger);
        }
    }

    /** What is known of the frame's length after more has arrived. */
    void expect(int frameLength) {
        expected = frameLength;
    }

    /** The bytes gathered so far; more may follow in it than {@link #length()}. */
    ByteBuf bytes() {
        ByteBuf composite = slices;
        if (composite != null) {
            return composite;
        }
        ByteBuf present = view;
        return present == null ? Unpooled.EMPTY_BUFFER : present;
    }

    /** Gives up the frame to the caller, who releases {@link #bytes()}. */
    void take() {
        array = null;
        slices = null;
        view = null;
        length = 0;
        expected = 0;
    }

    void release() {
        ByteBuf composite = slices;
        if (composite != null) {
            composite.release();
        }
        take();
    }
}
