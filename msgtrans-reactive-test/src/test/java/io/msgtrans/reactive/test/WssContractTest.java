package io.msgtrans.reactive.test;

import io.msgtrans.reactive.EndpointOptions;

class WssContractTest implements StreamContract {

    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");

    @Override
    public String listenUri() {
        return "wss://localhost:0";
    }

    @Override
    public String deadUri() {
        return "wss://localhost:1";
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
