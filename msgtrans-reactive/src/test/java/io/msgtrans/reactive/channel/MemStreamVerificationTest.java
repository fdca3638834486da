package io.msgtrans.reactive.channel;

import org.testng.annotations.Test;

@Test
public class MemStreamVerificationTest extends StreamVerification {

    public MemStreamVerificationTest() {
        super("mem://stream-verification");
    }
}
