package io.msgtrans.reactive.channel;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.msgtrans.reactive.SessionOptions;
import io.msgtrans.reactive.websocket.TextMessages;
import io.msgtrans.reactive.websocket.WebSocketFraming;

/** Any bytes of a client on a WebSocket connection, behind its upgrade. */
class WebSocketReadsFuzzTest {

    @FuzzTest(maxDuration = "5s")
    void anyBytesAreDecodedOrRefused(byte[] data) {
        Reads.check(() -> new WebSocketFraming(false, SessionOptions.DEFAULTS, TextMessages.IGNORE), data);
    }
}
