package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;

/** The contract with everything that is off by default. */
class QuicLanesContractTest extends QuicContractTest {

    @Override
    public EndpointOptions server(EndpointOptions options) {
        return extended(super.server(options));
    }

    @Override
    public EndpointOptions client(EndpointOptions options) {
        return extended(super.client(options));
    }

    private static EndpointOptions extended(EndpointOptions options) {
        return options.with(QuicOptions.LANES, 3).with(QuicOptions.DATAGRAMS, true);
    }
}
