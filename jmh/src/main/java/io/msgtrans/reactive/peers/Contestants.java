package io.msgtrans.reactive.peers;

import io.msgtrans.reactive.Preset;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.IoKind;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;

/** The contestants by name, in the order in which a round runs them. A name starts with the library it measures. */
final class Contestants {

    /** Marks contestants that need the class path with RSocket's own Netty and Reactor. */
    static final String RSOCKET_PREFIX = "rsocket";

    /** Marks contestants that need the native library of io_uring. */
    static final String IO_URING_SUFFIX = "-io_uring";

    /** Marks contestants that are a program in Rust, with the arguments and the output of {@link PeerMain}. */
    static final String RUST_PREFIX = "rust-";

    private static final Set<String> NAMED_ONLY = Set.of(
            "grpc",
            "msgtrans-copying",
            "msgtrans-high-throughput",
            "msgtrans-low-latency",
            "msgtrans-constrained",
            "msgtrans-nio",
            "msgtrans-sleeping",
            "msgtrans-io_uring",
            "rust-msgtrans",
            "rust-msgtrans-ws");

    private static final Map<String, Callable<Contestant>> FACTORIES = factories();

    private Contestants() {}

    private static Map<String, Callable<Contestant>> factories() {
        Map<String, Callable<Contestant>> factories = new LinkedHashMap<>();
        factories.put("msgtrans", () -> new MsgtransContestant("tcp", false));
        factories.put("msgtrans-borrowed", () -> new MsgtransContestant("tcp", true));
        // Not by a method reference: it would load the class, which the class path of RSocket's contestant does not
        // have.
        factories.put("msgtrans-copying", () -> MsgtransContestant.copying());
        factories.put("msgtrans-ws", () -> new MsgtransContestant("ws", false));
        factories.put("netty-packet", () -> new NettyPacketContestant(NettyEndpoint::new));
        factories.put("netty-coalescing", () -> new NettyCoalescingContestant(NettyEndpoint::new));
        factories.put("reactor-netty", ReactorNettyContestant::new);
        factories.put("reactor-netty-ws", ReactorNettyWebSocketContestant::new);
        factories.put("vertx", () -> byName("io.msgtrans.reactive.peers.VertxContestant"));
        factories.put("rsocket", () -> byName("io.msgtrans.reactive.peers.rsocket.RSocketContestant"));
        factories.put("grpc", () -> byName("io.msgtrans.reactive.peers.GrpcContestant"));
        factories.put("msgtrans-high-throughput", () -> MsgtransContestant.with(Preset.HIGH_THROUGHPUT, "tcp"));
        factories.put("msgtrans-low-latency", () -> MsgtransContestant.with(Preset.LOW_LATENCY, "tcp"));
        factories.put("msgtrans-constrained", () -> MsgtransContestant.with(Preset.CONSTRAINED, "tcp"));
        factories.put("msgtrans-nio", () -> MsgtransContestant.on(EventLoopOptions.DEFAULTS.io(IoKind.NIO)));
        factories.put("msgtrans-sleeping", () -> MsgtransContestant.on(EventLoopOptions.DEFAULTS.spin(Duration.ZERO)));
        factories.put("msgtrans-io_uring", () -> MsgtransContestant.on(EventLoopOptions.DEFAULTS.io(IoKind.IO_URING)));
        factories.put("msgtrans-tcps", () -> new MsgtransContestant("tcps", false));
        factories.put("msgtrans-quic", () -> new MsgtransContestant("quic", false));
        factories.put("msgtrans-small-quic", () -> MsgtransContestant.quicWithin(NettyQuicEndpoint.UDP_PAYLOAD_BYTES));
        factories.put("msgtrans-low-latency-quic", () -> MsgtransContestant.with(Preset.LOW_LATENCY, "quic"));
        factories.put("netty-packet-quic", () -> new NettyPacketContestant(NettyQuicEndpoint::new));
        factories.put("netty-coalescing-quic", () -> new NettyCoalescingContestant(NettyQuicEndpoint::new));
        factories.put("rust-msgtrans", Contestants::elsewhere);
        factories.put("rust-msgtrans-ws", Contestants::elsewhere);
        return factories;
    }

    /** Those that are compared unless others are named: all workloads, without TLS, as they come. */
    static List<String> withoutTls() {
        return FACTORIES.keySet().stream()
                .filter(name -> !NAMED_ONLY.contains(name) && !name.endsWith("-tcps") && !name.endsWith("-quic"))
                .toList();
    }

    static List<String> names() {
        return List.copyOf(FACTORIES.keySet());
    }

    static Contestant create(String name) throws Exception {
        Callable<Contestant> factory = FACTORIES.get(name);
        if (factory == null) {
            throw new IllegalArgumentException("no contestant " + name + "; there are " + names());
        }
        return factory.call();
    }

    private static Contestant elsewhere() {
        throw new IllegalStateException("a contestant in Rust is a program of its own: samples/interop/rust");
    }

    /** For contestants that are compiled after this class, against libraries of their own. */
    private static Contestant byName(String className) throws ReflectiveOperationException {
        return Class.forName(className)
                .asSubclass(Contestant.class)
                .getDeclaredConstructor()
                .newInstance();
    }
}
