package io.msgtrans.reactive.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import org.junit.jupiter.api.Test;

class DirectMemoryTest {

    private static final int BYTES = 64;

    private static ByteBuf numbered(ByteBuf buffer) {
        for (int i = 0; i < BYTES; i++) {
            buffer.writeByte(i);
        }
        return buffer;
    }

    @Test
    void whatOnlyWatchesForLeaksIsLookedThrough() {
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
        ByteBuf watched = numbered(Unpooled.directBuffer(BYTES));
        ByteBuf bare = DirectMemory.bare(watched);
        if (watched.hasMemoryAddress()) {
            assertThat(bare).isNotSameAs(watched).isSameAs(watched.unwrap());
        }
        assertThat(bare).isEqualTo(watched);
        watched.release();
        assertThat(bare.refCnt()).isZero();
    }

    @Test
    void aPartOfABufferIsNeverTakenForTheBuffer() {
        ByteBuf whole = numbered(Unpooled.directBuffer(BYTES));
        for (ByteBuf part : List.of(whole.slice(8, 40), whole.slice(0, 40), whole.duplicate(), whole)) {
            ByteBuf bare = DirectMemory.bare(part);
            for (int i = 0; i < part.capacity(); i++) {
                assertThat(bare.getByte(i)).isEqualTo(part.getByte(i));
            }
        }
        whole.release();
        ByteBuf heap = numbered(Unpooled.buffer(BYTES));
        assertThat(DirectMemory.bare(heap)).isSameAs(heap);
    }

    @Test
    void aWordIsBigEndianAndWithinTheBuffer() {
        for (ByteBuf bytes : List.of(numbered(Unpooled.directBuffer(BYTES, BYTES)), numbered(Unpooled.buffer(BYTES)))) {
            assertThat(DirectMemory.word(bytes, 3, 16, 0)).isEqualTo(0x030405060708090AL);
            assertThat(DirectMemory.word(bytes, 3, 16, 8)).isEqualTo(0x0B0C0D0E0F101112L);
            assertThat(DirectMemory.word(bytes, BYTES - 16, 16, 8)).isEqualTo(0x38393A3B3C3D3E3FL);
            assertThatThrownBy(() -> DirectMemory.word(bytes, BYTES - 15, 16, 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> DirectMemory.word(bytes, -1, 16, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            bytes.release();
        }
    }
}
