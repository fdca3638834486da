package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

/** Other tests of this module rely on it; buffers were made before it in the same process, or not, as the order of the classes is. */
class LeakCheckTest {

    private final LeakCheck check = new LeakCheck();

    @Test
    void aBufferThatIsDroppedFailsTheClass() {
        check.beforeAll(null);
        drop();
        assertThatThrownBy(() -> check.afterAll(null))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("not released")
                .hasMessageContaining("LeakCheckTest.drop");
    }

    @Test
    void aBufferThatIsReleasedOrStillUsedDoesNot() {
        ByteBuf used = Unpooled.directBuffer(16);
        try {
            check.beforeAll(null);
            Unpooled.directBuffer(16).release();
            assertThatCode(() -> check.afterAll(null)).doesNotThrowAnyException();
        } finally {
            used.release();
        }
    }

    private static void drop() {
        Unpooled.directBuffer(16).writeByte(1);
    }
}
