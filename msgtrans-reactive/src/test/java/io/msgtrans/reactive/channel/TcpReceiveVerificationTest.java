package io.msgtrans.reactive.channel;

import org.testng.annotations.Test;

@Test
public class TcpReceiveVerificationTest extends ReceiveVerification {

    public TcpReceiveVerificationTest() {
        super("tcp://127.0.0.1:0");
    }
}
