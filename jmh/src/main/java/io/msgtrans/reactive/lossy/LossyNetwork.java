package io.msgtrans.reactive.lossy;

import io.msgtrans.reactive.BoundServer;
import io.msgtrans.reactive.EndpointOptions;
import io.msgtrans.reactive.Session;
import io.msgtrans.reactive.TransportClient;
import io.msgtrans.reactive.TransportServer;
import io.msgtrans.reactive.quic.QuicOptions;
import io.msgtrans.reactive.test.TcpProxy;
import io.msgtrans.reactive.test.TestCertificate;
import io.msgtrans.reactive.test.UdpProxy;
import java.time.Duration;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.HdrHistogram.Histogram;

/**
 * Small requests beside a large transfer on one session, behind a proxy that delays. Losing packets is the business of
 * the network that this runs in. Ends with status 1 when a request failed or a packet of the transfer did not arrive.
 */
public final class LossyNetwork {

    private static final Duration DELAY = Duration.ofMillis(5);
    private static final TestCertificate LOCALHOST = TestCertificate.selfSigned("localhost");

    private LossyNetwork() {}

    /**
     * Runs all cases.
     *
     * @param args how many seconds each is measured; default 20
     */
    public static void main(String[] args) {
        Duration measured = Duration.ofSeconds(args.length == 0 ? 20 : Long.parseLong(args[0]));
        System.out.printf(
                "%-16s %12s %10s %10s %10s %10s %10s%n",
                "", "transfer MB/s", "requests", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
        boolean tcps = run("tcps", "tcps", o -> o, measured);
        boolean quic = run("quic", "quic", o -> o, measured);
        boolean lanes = run("quic, 2 lanes", "quic", o -> o.with(QuicOptions.LANES, 2), measured);
        boolean bbr = run(
                "quic, 2, BBR",
                "quic",
                o -> o.with(QuicOptions.LANES, 2)
                        .with(QuicOptions.CONGESTION_CONTROL, QuicOptions.CongestionControl.BBR),
                measured);
        System.exit(tcps && quic && lanes && bbr ? 0 : 1);
    }

    private static boolean run(String name, String scheme, UnaryOperator<EndpointOptions> options, Duration measured) {
        System.err.println(name + ": " + measured.toSeconds() + " s");
        Receiver receiver = new Receiver();
        BoundServer server = TransportServer.create()
                .listen(
                        scheme + "://localhost:0",
                        o -> options.apply(o.certificate(LOCALHOST.chain(), LOCALHOST.key())))
                .handle(receiver::handle)
                .bindNow();
        int port = server.uri().getPort();
        try (AutoCloseable proxy = scheme.equals("quic") ? udp(port) : tcp(port)) {
            int proxyPort = proxy instanceof UdpProxy udp ? udp.port() : ((TcpProxy) proxy).port();
            Session session = TransportClient.create(scheme + "://localhost:" + proxyPort)
                    .endpoint(o -> options.apply(o.trust(LOCALHOST.chain())))
                    .connectNow();
            MixedTraffic traffic = new MixedTraffic(session);
            traffic.run(Duration.ofSeconds(3));
            long before = receiver.transferred();
            traffic.startOver();
            traffic.run(measured);
            print(name, (receiver.transferred() - before) / (double) measured.toMillis() / 1e3, traffic.roundTrips());
            long sent = traffic.stop();
            session.close().block(Duration.ofSeconds(20));
            boolean correct = traffic.failed() == 0 && receiver.awaitPackets(sent);
            if (!correct) {
                System.err.println(name + ": " + traffic.failed() + " requests failed, " + receiver.packets() + " of "
                        + sent + " packets of the transfer arrived");
            }
            return correct;
        } catch (Exception failed) {
            System.err.println(name + ": " + failed);
            return false;
        } finally {
            server.dispose();
            server.onDispose().block(Duration.ofSeconds(10));
        }
    }

    private static UdpProxy udp(int port) {
        return UdpProxy.to(port, 1).delay(DELAY);
    }

    private static TcpProxy tcp(int port) {
        return TcpProxy.to(port).delay(DELAY);
    }

    private static void print(String name, double transferRate, Histogram roundTrips) {
        System.out.printf(
                Locale.ROOT,
                "%-16s %12.1f %10d %10.1f %10.1f %10.1f %10.1f%n",
                name,
                transferRate,
                roundTrips.getTotalCount(),
                roundTrips.getValueAtPercentile(50) / 1e6,
                roundTrips.getValueAtPercentile(99) / 1e6,
                roundTrips.getValueAtPercentile(99.9) / 1e6,
                roundTrips.getMaxValue() / 1e6);
    }
}
