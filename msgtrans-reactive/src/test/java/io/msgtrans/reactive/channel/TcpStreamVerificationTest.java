package io.msgtrans.reactive.channel;

import org.testng.annotations.Test;

@Test
public class TcpStreamVerificationTest extends StreamVerification {

    public TcpStreamVerificationTest() {
        super("tcp://127.0.0.1:0");
    }
}
