package io.msgtrans.reactive.channel;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.tcp.PlainFraming;

/** Any bytes on a TCP connection. */
class TcpReadsFuzzTest {

    @FuzzTest(maxDuration = "5s")
    void anyBytesAreDecodedOrRefused(byte[] data) {
        Reads.check(() -> new PlainFraming(SessionOptions.DEFAULTS), data);
    }
}
