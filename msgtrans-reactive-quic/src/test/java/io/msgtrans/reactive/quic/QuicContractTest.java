package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.test.StreamContract;
import io.msgtrans.reactive.test.TestCertificate;

class QuicContractTest implements StreamContract {

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
        return options.certificate(LOCALHOST.chain(), LOCALHOST.key());
    }

    @Override
    public EndpointOptions client(EndpointOptions options) {
        return options.trust(LOCALHOST.chain());
    }
}
