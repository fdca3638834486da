package io.msgtrans.reactive.channel;

import org.testng.annotations.Test;

@Test
public class MemReceiveVerificationTest extends ReceiveVerification {

    public MemReceiveVerificationTest() {
        super("mem://tck");
    }
}
