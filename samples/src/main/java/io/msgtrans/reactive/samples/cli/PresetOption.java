package io.msgtrans.reactive.samples.cli;

import io.msgtrans.reactive.Preset;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.monitor.MonitorOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Settings that belong together, by a name. */
final class PresetOption {

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "Settings that belong together: balanced, high-throughput, low-latency or constrained. serve "
                    + "prints them.")
    private @Nullable String name;

    boolean isSet() {
        return name != null;
    }

    TransportServer apply(TransportServer server) {
        return name == null ? server : server.preset(Preset.of(name));
    }

    TransportClient apply(TransportClient client) {
        return name == null ? client : client.preset(Preset.of(name));
    }

    MonitorOptions monitor() {
        return (name == null ? Preset.BALANCED : Preset.of(name)).monitor();
    }
}
