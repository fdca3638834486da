package io.msgtrans.reactive.channel;

import org.testng.annotations.Test;

@Test
public class WebSocketReceiveVerificationTest extends ReceiveVerification {

    public WebSocketReceiveVerificationTest() {
        super("ws://127.0.0.1:0");
    }
}
