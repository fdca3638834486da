package io.msgtrans.reactive.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatagramReadsTest {

    @ParameterizedTest
    @CsvSource({"1350, 7", "16383, 1", "100, 16"})
    void someKilobytesAreReadBeforeTheyAreAcknowledged(int bytesOfARead, int expectedReads) {
        ExtendedHandle handle = (ExtendedHandle) new DatagramReads().newHandle();
        EmbeddedChannel channel = new EmbeddedChannel();
        for (int readiness = 0; readiness < 2; readiness++) {
            handle.reset(channel.config());
            int reads = 0;
            do {
                handle.attemptedBytesRead(handle.guess());
                handle.lastBytesRead(bytesOfARead);
                handle.incMessagesRead(1);
                reads++;
            } while (handle.continueReading(() -> true));
            assertThat(reads).isEqualTo(expectedReads);
        }
        channel.finishAndReleaseAll();
    }
}
