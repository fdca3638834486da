package io.msgtrans.reactive;

import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.monitor.MonitorOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;

/** What a server is set to, for people. */
final class Settings {

    private Settings() {}

    static Map<String, String> of(
            @Nullable Preset preset,
            int maxSessions,
            SessionOptions options,
            List<TransportServer.Endpoint> endpoints,
            LoopResources loops) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(
                "preset",
                preset == null ? "none" : preset.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        settings.put("maxSessions", count(maxSessions));
        settings.put("readBytes", bytes(options.firstReadBytes()) + " .. " + bytes(options.largestReadBytes()));
        settings.put("inbound", count(options.inboundPackets()) + " packets, " + bytes(options.inboundBytes()));
        settings.put("outbound", count(options.outboundPackets()) + " packets, " + bytes(options.outboundBytes()));
        settings.put("streams", count(options.streamCredit()) + " items, " + bytes(options.streamBytes()));
        settings.put(
                "writeDelay",
                options.writeDelay().isZero()
                        ? "none"
                        : time(options.writeDelay()) + " or " + count(options.writeBatch()) + " packets");
        settings.put("eventLoops", loops instanceof EventLoops ours ? ours.toString() : "the caller's");
        for (TransportServer.Endpoint endpoint : endpoints) {
            settings.put(endpoint.uri().toString(), sockets(endpoint.options()));
        }
        MonitorOptions monitor = (preset == null ? Preset.BALANCED : preset).monitor();
        settings.put(
                "Preset.monitor",
                "every request up to " + count(monitor.measureAllUpTo()) + "/s, monitor every "
                        + time(monitor.interval()));
        return Collections.unmodifiableMap(settings);
    }

    private static String sockets(EndpointOptions options) {
        StringJoiner set = new StringJoiner(", ").setEmptyValue("sockets as the system has them");
        if (options.sendBufferBytes() + options.receiveBufferBytes() > 0) {
            set.add("buffers " + bytes(options.sendBufferBytes()) + " and " + bytes(options.receiveBufferBytes()));
        }
        if (options.unsentBytes() != EndpointOptions.DEFAULTS.unsentBytes()) {
            set.add("unsent " + bytes(options.unsentBytes()));
        }
        if (options.isQuickAck()) {
            set.add("quickAck");
        }
        if (!options.busyPoll().isZero()) {
            set.add("busyPoll " + options.busyPoll().toNanos() / 1000 + " us");
        }
        return set.toString();
    }

    private static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private static String bytes(long bytes) {
        if (bytes % (1 << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes % 1024 == 0 ? (bytes >> 10) + " KiB" : bytes + " B";
    }

    private static String time(Duration time) {
        return time.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
