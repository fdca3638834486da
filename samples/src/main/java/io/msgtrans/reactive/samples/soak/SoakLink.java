package io.msgtrans.reactive.samples.soak;

import io.msgtrans.reactive.test.TcpProxy;
import io.msgtrans.reactive.test.UdpProxy;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The way to the server by one transport, over a network that misbehaves when it is told to. */
final class SoakLink implements AutoCloseable {

    /** How long a link was whole before round trips over it say something about the server. */
    private static final long CALM_NANOS = Duration.ofSeconds(3).toNanos();

    private record Fault(String name, Runnable begin, Runnable end) {}

    private final String name;
    private final String uri;
    private final List<Fault> faults;
    private final @Nullable AutoCloseable network;
    private @Nullable Fault present;
    private volatile long wholeSinceNanos = System.nanoTime() - CALM_NANOS;
    private volatile boolean whole = true;

    private SoakLink(String name, String uri, List<Fault> faults, @Nullable AutoCloseable network) {
        this.name = name;
        this.uri = uri;
        this.faults = faults;
        this.network = network;
    }

    /** A way to one of the server's addresses. */
    static SoakLink to(URI server, long seed) {
        String scheme = server.getScheme();
        return switch (scheme) {
            case "mem" -> new SoakLink(scheme, server.toString(), List.of(), null);
            case "quic" -> {
                UdpProxy network = UdpProxy.to(server.getPort(), seed);
                yield new SoakLink(scheme, "quic://localhost:" + network.port(), datagramFaults(network), network);
            }
            default -> {
                TcpProxy network = TcpProxy.to(server.getPort(), seed);
                List<Fault> faults = streamFaults(network);
                if (scheme.equals("tcps") || scheme.equals("wss")) {
                    // Without TLS nobody would notice, and the sums would not add up.
                    faults =
                            append(faults, new Fault("corrupt", () -> network.corrupt(0.05), () -> network.corrupt(0)));
                }
                yield new SoakLink(scheme, scheme + "://localhost:" + network.port(), faults, network);
            }
        };
    }

    private static List<Fault> streamFaults(TcpProxy network) {
        return List.of(
                new Fault("delay", () -> network.delay(Duration.ofMillis(30)), () -> network.delay(Duration.ZERO)),
                new Fault("split", () -> network.split(100), () -> network.split(0)),
                new Fault("join", () -> network.join(Duration.ofMillis(10)), () -> network.join(Duration.ZERO)),
                new Fault("throttle", () -> network.throttle(300_000), () -> network.throttle(0)),
                new Fault("cut", () -> network.cut(true), () -> network.cut(false)),
                new Fault("not reading", () -> network.reading(false), () -> network.reading(true)),
                new Fault("reset", network::reset, () -> {}),
                new Fault("half-open", network::forget, () -> {}));
    }

    private static List<Fault> datagramFaults(UdpProxy network) {
        return List.of(
                new Fault("delay", () -> network.delay(Duration.ofMillis(30)), () -> network.delay(Duration.ZERO)),
                new Fault("loss", () -> network.loss(0.05), () -> network.loss(0)),
                new Fault("reorder", () -> network.reorder(0.2), () -> network.reorder(0)),
                new Fault("repeat", () -> network.repeat(0.2), () -> network.repeat(0)),
                new Fault("corrupt", () -> network.corrupt(0.05), () -> network.corrupt(0)),
                new Fault("cut", () -> network.cut(true), () -> network.cut(false)),
                new Fault("rebind", network::rebind, () -> {}));
    }

    private static List<Fault> append(List<Fault> faults, Fault more) {
        return Stream.concat(faults.stream(), Stream.of(more)).toList();
    }

    /** The transport's scheme. */
    String name() {
        return name;
    }

    /** Where clients connect to. */
    String uri() {
        return uri;
    }

    /** Whether nothing has befallen it for a while. */
    boolean isCalm() {
        return whole && System.nanoTime() - wholeSinceNanos > CALM_NANOS;
    }

    /** Begins some fault in place of the present one, if any is possible; gives its name. */
    synchronized @Nullable String disturb(Random random) {
        heal();
        if (faults.isEmpty()) {
            return null;
        }
        Fault fault = faults.get(random.nextInt(faults.size()));
        whole = false;
        present = fault;
        fault.begin().run();
        return fault.name();
    }

    /** Ends the present fault. */
    synchronized void heal() {
        Fault fault = present;
        if (fault != null) {
            fault.end().run();
            present = null;
            wholeSinceNanos = System.nanoTime();
            whole = true;
        }
    }

    @Override
    public void close() {
        heal();
        try {
            if (network != null) {
                network.close();
            }
        } catch (Exception failed) {
            throw new IllegalStateException("the network to " + uri + " does not end", failed);
        }
    }
}
