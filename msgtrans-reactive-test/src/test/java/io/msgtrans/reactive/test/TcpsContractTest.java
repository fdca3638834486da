package io.msgtrans.reactive.test;

import io.msgtrans.reactive.EndpointOptions;

class TcpsContractTest implements StreamContract {

    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");

    @Override
    public String listenUri() {
        return "tcps://localhost:0";
    }

    @Override
    public String deadUri() {
        return "tcps://localhost:1";
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
