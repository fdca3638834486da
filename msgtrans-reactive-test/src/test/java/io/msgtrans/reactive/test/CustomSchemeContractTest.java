package io.msgtrans.reactive.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import org.junit.jupiter.api.Test;

class CustomSchemeContractTest implements TransportContract {

    @Override
    public String listenUri() {
        return "marked://127.0.0.1:0";
    }

    @Override
    public String deadUri() {
        return "marked://127.0.0.1:1";
    }

    @Override
    public EndpointOptions server(EndpointOptions options) {
        return options.with(MarkedTransport.MARKER, 0x11);
    }

    @Override
    public EndpointOptions client(EndpointOptions options) {
        return options.with(MarkedTransport.MARKER, 0x11);
    }

    @Test
    void theSchemesOwnOptionHasAnEffect() {
        BoundServer server = serve(TransportContract::echo);
        Session other = TransportClient.create(server.uri().toString()).connectNow(); // the default marker
        other.send(Packet.oneWay("?")).subscribe(nothing -> {}, error -> {});
        assertThat(other.onClose().block(LIMIT)).isNotNull();
        TransportContract.until("it is counted", () -> server.stats().protocolErrors() == 1);
        TransportContract.stop(server);
    }

    @Test
    void anOptionOfAnotherSchemeIsRefused() {
        assertThatThrownBy(() -> TransportClient.create("tcp://127.0.0.1:1")
                        .endpoint(options -> options.with(MarkedTransport.MARKER, 1))
                        .connectNow())
                .hasMessageContaining("marked.marker")
                .hasMessageContaining("tcp");
    }
}
