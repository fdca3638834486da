package io.msgtrans.reactive.channel;

import org.testng.annotations.Test;

@Test
public class WebSocketStreamVerificationTest extends StreamVerification {

    public WebSocketStreamVerificationTest() {
        super("ws://127.0.0.1:0");
    }
}
