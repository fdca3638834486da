package io.msgtrans.reactive.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SmallBatchTest {

    private static final UnpooledByteBufAllocator ALLOC = UnpooledByteBufAllocator.DEFAULT;

    private final SmallBatch batch = new SmallBatch();

    @Test
    void aBufferThatTheSocketTookIsUsedAgainAndOneThatItHasNotIsNot() {
        ByteBuf first = takeAndGive();
        ByteBuffer bytes = batch.bytes();
        first.release(); // written
        ByteBuf second = takeAndGive();
        assertThat(second).isSameAs(first);
        assertThat(batch.bytes()).isSameAs(bytes);

        ByteBuf third = takeAndGive();
        assertThat(third).isNotSameAs(second);
        assertThat(batch.bytes()).isNotSameAs(bytes);
        second.release();
        assertThat(second.refCnt()).isZero(); // only the socket had it
        third.release();
        assertThat(third.refCnt()).isOne();
        third.release();
    }

    @Test
    void whatItsBytesAreGivenIsInItsBuffer() {
        ByteBuf buffer = takeAndGive();
        batch.bytes().putLong(SmallBatch.BYTES - Long.BYTES, 7);
        assertThat(buffer.getLong(SmallBatch.BYTES - Long.BYTES)).isEqualTo(7);
        buffer.release(2);
    }

    @Test
    void oneSessionHasItAtATime() {
        assertThat(batch.take(ALLOC)).isTrue();
        assertThat(batch.take(ALLOC)).isFalse();
        batch.give();
        batch.buffer().release();
        assertThat(batch.take(ALLOC)).isTrue();
        batch.buffer().release(2);
    }

    @Test
    void itEndsWithItsEventLoop() throws InterruptedException {
        AtomicReference<ByteBuf> used = new AtomicReference<>();
        Thread loop = new FastThreadLocalThread(() -> {
            SmallBatch current = SmallBatch.current();
            assertThat(current.take(ALLOC)).isTrue();
            current.give();
            current.buffer().release();
            used.set(current.buffer());
        });
        loop.start();
        loop.join(10_000);
        assertThat(used.get().refCnt()).isZero();
    }

    private ByteBuf takeAndGive() {
        assertThat(batch.take(ALLOC)).isTrue();
        ByteBuf taken = batch.buffer();
        assertThat(taken.readerIndex()).isZero();
        taken.writerIndex(10).readerIndex(10);
        batch.give();
        return taken;
    }
}
