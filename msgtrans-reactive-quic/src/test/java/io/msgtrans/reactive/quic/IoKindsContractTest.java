package io.msgtrans.reactive.quic;

import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.eventloop.EventLoopOptions;
import io.msgtrans.reactive.eventloop.EventLoops;
import io.msgtrans.reactive.eventloop.IoKind;
import io.msgtrans.reactive.test.TransportContract;
import io.netty.channel.uring.IoUring;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.condition.EnabledIf;

/** The transports by other means of the operating system than in their own contract tests, and on loops that poll busily. */
class IoKindsContractTest {

    private static final EventLoopOptions TWO = EventLoopOptions.DEFAULTS.threads(2);

    private static final class Nio {
        static final EventLoops LOOPS = EventLoops.create(TWO.name("nio").io(IoKind.NIO));
    }

    private static final class Uring {
        static final EventLoops LOOPS = EventLoops.create(TWO.name("uring").io(IoKind.IO_URING));
    }

    private static final class Busy {
        static final EventLoops LOOPS = EventLoops.create(
                EventLoopOptions.DEFAULTS.name("busy").threads(1).busyPolling(true));
    }

    private static final class Sleeping {
        static final EventLoops LOOPS = EventLoops.create(TWO.name("sleep").spin(Duration.ZERO));
    }

    /** Some kernels and containers refuse it. */
    static boolean hasIoUring() {
        return IoUring.isAvailable();
    }

    abstract static class Case implements TransportContract {
        private final String scheme;
        private final Supplier<EventLoops> loops;

        Case(String scheme, Supplier<EventLoops> loops) {
            this.scheme = scheme;
            this.loops = loops;
        }

        @Override
        public String listenUri() {
            return scheme + "://localhost:0";
        }

        @Override
        public String deadUri() {
            return scheme + "://localhost:1";
        }

        @Override
        public EndpointOptions server(EndpointOptions options) {
            return scheme.equals("quic")
                    ? options.certificate(QuicContractTest.LOCALHOST.chain(), QuicContractTest.LOCALHOST.key())
                    : options;
        }

        @Override
        public EndpointOptions client(EndpointOptions options) {
            return scheme.equals("quic") ? options.trust(QuicContractTest.LOCALHOST.chain()) : options;
        }

        @Override
        public int manySessions() {
            return 100; // the transport's own contract test opens more
        }

        @Override
        public TransportServer server() {
            return TransportContract.super.server().runOn(loops.get());
        }

        @Override
        public TransportClient client(String uri) {
            return TransportContract.super.client(uri).runOn(loops.get());
        }
    }

    @Nested
    class TcpOnNio extends Case {
        TcpOnNio() {
            super("tcp", () -> Nio.LOOPS);
        }
    }

    @Nested
    class WsOnNio extends Case {
        WsOnNio() {
            super("ws", () -> Nio.LOOPS);
        }
    }

    @Nested
    class QuicOnNio extends Case {
        QuicOnNio() {
            super("quic", () -> Nio.LOOPS);
        }
    }

    @Nested
    @EnabledIf("io.msgtrans.reactive.quic.IoKindsContractTest#hasIoUring")
    class TcpOnIoUring extends Case {
        TcpOnIoUring() {
            super("tcp", () -> Uring.LOOPS);
        }
    }

    @Nested
    @EnabledIf("io.msgtrans.reactive.quic.IoKindsContractTest#hasIoUring")
    class WsOnIoUring extends Case {
        WsOnIoUring() {
            super("ws", () -> Uring.LOOPS);
        }
    }

    @Nested
    @EnabledIf("io.msgtrans.reactive.quic.IoKindsContractTest#hasIoUring")
    class QuicOnIoUring extends Case {
        QuicOnIoUring() {
            super("quic", () -> Uring.LOOPS);
        }
    }

    @Nested
    class TcpBusilyPolled extends Case {
        TcpBusilyPolled() {
            super("tcp", () -> Busy.LOOPS);
        }
    }

    @Nested
    class TcpNeverPolled extends Case {
        TcpNeverPolled() {
            super("tcp", () -> Sleeping.LOOPS);
        }
    }
}
