package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.test.StreamContract;
import io.msgtrans.reactive.test.TestCertificate;
import java.time.Duration;

class QuicContractTest implements StreamContract {

    /** A goodbye is one datagram, and may be lost. */
    static final Duration IDLE = Duration.ofSeconds(10);

    static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");

    @Override
    public String listenUri() {
        return "quic://localhost:0";
    }

    @Override
    public String deadUri() {
        return "quic://localhost:1";
    }

    @Override
    public EndpointOptions server(EndpointOptions options) {
        return options.certificate(LOCALHOST.chain(), LOCALHOST.key()).with(QuicOptions.IDLE_TIMEOUT, IDLE);
    }

    @Override
    public EndpointOptions client(EndpointOptions options) {
        return options.trust(LOCALHOST.chain());
    }
}
