package io.msgtrans.reactive.samples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.Packet;
import io.msgtrans.reactive.Preset;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.eventloop.IoKind;
import io.msgtrans.reactive.eventloop.Pinning;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Code of the page about presets. */
class PresetDocsTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static void assertEchoes(BoundServer server) {
        Session session = TransportClient.create(server.uri().toString()).connectNow();
        assertThat(session.request(Packet.request("?")).block(LIMIT)).isNotNull();
        session.dispose();
        server.dispose();
        server.onDispose().block(LIMIT);
    }

    @Test
    void preset() {
        // docs: preset
        TransportServer server = TransportServer.create()
                .preset(Preset.LOW_LATENCY)
                .session(options -> options.outboundPackets(2048)) // wins over the preset
                .listen("tcp://127.0.0.1:0")
                .handle(session -> session.send(session.receive().map(request -> request.response(request.payload()))));
        server.settings().forEach((name, value) -> System.out.println(name + " " + value));
        // docs: end
        assertThat(server.settings()).containsEntry("outbound", "2,048 packets, 256 KiB");
        assertEchoes(server.bindNow());
    }

    @Test
    void loops() {
        if (!EventLoops.canPin()) {
            return;
        }
        // docs: loops
        EventLoops loops = EventLoops.create(EventLoopOptions.DEFAULTS
                .name("orders")
                .threads(2)
                .io(IoKind.AUTO)
                .pinning(Pinning.NODE));
        TransportServer server = TransportServer.create()
                .runOn(loops) // and TransportClient.runOn; the caller disposes them
                .listen("tcp://127.0.0.1:0")
                .handle(session -> session.send(session.receive().map(request -> request.response(request.payload()))));
        // docs: end
        assertEchoes(server.bindNow());
        loops.disposeLater().block(LIMIT);
    }
}
