package io.msgtrans.reactive.samples.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.test.RawPeer;
import io.msgtrans.reactive.test.TransportContract;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sample's transport does what every transport must, and more. */
class MeterContractTest implements TransportContract {

    @Override
    public String listenUri() {
        return "meter://127.0.0.1:0";
    }

    @Override
    public String deadUri() {
        return "meter://127.0.0.1:1";
    }

    @Test
    void theSampleShowsThatBlocksAreSmaller() {
        StringWriter out = new StringWriter();
        assertThat(new ProtocolSample(20_000, new PrintWriter(out, true)).run()).isTrue();
        assertThat(out.toString()).contains("meter, level 6");
    }

    @ParameterizedTest
    @CsvSource({"0, 5", "70000, 10", "100, 101", "1000, 4"})
    void aLyingBlockEndsItsSessionOnly(int length, int following) throws Exception {
        BoundServer server = serve(TransportContract::echo);
        try (RawPeer peer = RawPeer.connect(server.uri())) {
            peer.send(ByteBuffer.allocate(12)
                    .putInt(length)
                    .putInt(following)
                    .putInt(-1)
                    .array());
            TransportContract.until("it is counted", () -> server.stats().protocolErrors() == 1);
        }
        TransportContract.stop(server);
    }
}
